/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that choose a view of a profile. */
#include "cli/view_options.h"

#include "analysis/timeline.h"
#include "base/str.h"

int view_set_value(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct view_args *)ctx)->view.value = arg;
	return 0;
}

int view_set_by(void *ctx, const char *arg, struct err *err)
{
	struct view_args *v = ctx;

	v->by_given = true;
	if (group_by_parse(arg, &v->view.by))
		return 0;
	return err_usage(err, "--by %.40s: process, thread, pid, tid, cpu, cgroup or none", arg);
}

int view_set_focus(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct view_args *)ctx)->view.focus = arg;
	return 0;
}

int view_set_ignore(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct view_args *)ctx)->view.ignore = arg;
	return 0;
}

static int set_seconds(double *to, const char *name, const char *arg, struct err *err)
{
	if (parse_seconds(arg, to) || str_equal(arg, "0"))
		return 0;
	return err_usage(err, "--%s %.40s: not a number of seconds", name, arg);
}

int view_set_start(void *ctx, const char *arg, struct err *err)
{
	return set_seconds(&((struct view_args *)ctx)->start_s, "start", arg, err);
}

int view_set_end(void *ctx, const char *arg, struct err *err)
{
	return set_seconds(&((struct view_args *)ctx)->end_s, "end", arg, err);
}

int view_args_range(struct view_args *v, const struct profile *p, struct err *err)
{
	struct timeline t;

	if (v->start_s <= 0 && v->end_s <= 0)
		return 0;
	if (v->end_s > 0 && v->end_s <= v->start_s)
		return err_usage(err, "--end is not behind --start");
	if (timeline_require(&t, p, err))
		return err->code;
	v->view.in_range = true;
	v->view.start_ns = t.start_ns + (int64_t)(v->start_s * 1e9);
	v->view.end_ns = v->end_s > 0 ? t.start_ns + (int64_t)(v->end_s * 1e9) : INT64_MAX;
	return 0;
}

int view_set_rows(void *ctx, const char *arg, struct err *err)
{
	struct view_args *v = ctx;

	v->rows_given = true;
	if (parse_u64(arg, 1 << 30, &v->rows))
		return 0;
	return err_usage(err, "-n %.40s: not a number of rows", arg);
}
