/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that choose a view of a profile. */
#include "cli/view_options.h"

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
