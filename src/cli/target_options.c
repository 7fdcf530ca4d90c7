/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say what is sampled and how. */
#include "cli/target_options.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static int add_ids(pid_t **ids, size_t *n, size_t *cap, char letter, const char *arg,
		   struct err *err)
{
	auto_free char *copy = mem_strdup(arg);
	char *rest = copy, *word;
	uint64_t id;

	/* An empty one is no number either. */
	while ((word = strsep(&rest, ","))) {
		if (!parse_u64(word, INT32_MAX, &id) || !id) {
			err_usage(err, "-%c %.60s: '%.40s' is no number of a %s", letter, arg, word,
				  letter == 'p' ? "process" : "thread");
			return err_cure(err,
					"numbers separated by commas; 'pgrep NAME' finds them");
		}
		array_reserve(*ids, *cap, *n + 1);
		(*ids)[(*n)++] = (pid_t)id;
	}
	return 0;
}

int target_set_pids(void *ctx, const char *arg, struct err *err)
{
	struct target_options *t = ctx;

	return add_ids(&t->recording.pids, &t->recording.n_pids, &t->cap_pids, 'p', arg, err);
}

int target_set_tids(void *ctx, const char *arg, struct err *err)
{
	struct target_options *t = ctx;

	return add_ids(&t->recording.tids, &t->recording.n_tids, &t->cap_tids, 't', arg, err);
}

int target_set_all(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->all = true;
	return 0;
}

int target_set_cpus(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct target_options *)ctx)->recording.cpus = arg;
	return 0;
}

int target_set_user(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct target_options *)ctx)->recording.user = arg;
	return 0;
}

int target_set_cgroup(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct target_options *)ctx)->recording.cgroup = arg;
	return 0;
}

int target_set_events(void *ctx, const char *arg, struct err *err)
{
	struct recording_options *r = &((struct target_options *)ctx)->recording;

	return events_parse(arg, r->events, RECORDING_MAX_EVENTS, &r->n_events, err);
}

int target_set_frequency(void *ctx, const char *arg, struct err *err)
{
	struct target_options *t = ctx;

	if (!parse_u64(arg, UINT32_MAX, &t->recording.frequency_hz)) {
		err_usage(err, "-F %.40s: not a rate", arg);
		return err_cure(err, "a whole number of samples a second, such as 99");
	}
	if (!t->recording.frequency_hz) {
		err_usage(err, "-F 0: the rate is in samples a second, at least 1");
		return err_cure(err, "99 is a good rate, 999 for a short program");
	}
	t->rate_given = true;
	return 0;
}

int target_set_period(void *ctx, const char *arg, struct err *err)
{
	struct target_options *t = ctx;

	if (!parse_u64(arg, INT64_MAX, &t->recording.period) || !t->recording.period) {
		err_usage(err, "-c %.40s: not a count of events", arg);
		return err_cure(err, "a whole number above 0; nanoseconds for cpu-clock");
	}
	return 0;
}

int target_set_call_graph(void *ctx, const char *arg, struct err *err)
{
	struct recording_options *r = &((struct target_options *)ctx)->recording;

	if (str_equal(arg, "none")) {
		r->no_user = r->no_kernel = true;
		return 0;
	}
	if (str_equal(arg, "auto") || str_equal(arg, "fp")) {
		r->by_frame_pointers = str_equal(arg, "fp");
		return 0;
	}
	return err_usage(err, "--call-graph %.40s: auto, fp or none", arg);
}

int target_set_stacks(void *ctx, const char *arg, struct err *err)
{
	(void)ctx, (void)arg, (void)err;
	return 0;
}

int target_set_no_kernel(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->recording.no_kernel = true;
	return 0;
}

int target_set_no_user(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->recording.no_user = true;
	return 0;
}

int target_set_no_fallback(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->recording.no_fallback = true;
	return 0;
}

int target_set_no_scale(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->recording.no_scale = true;
	return 0;
}

int target_set_idle(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct target_options *)ctx)->recording.idle = true;
	return 0;
}

int target_set_budget(void *ctx, const char *arg, struct err *err)
{
	char *end;
	double percent = strtod(arg, &end);

	if (end == arg || (*end && !str_equal(end, "%")) || !(percent > 0 && percent <= 100)) {
		err_usage(err, "--budget %.40s: not a share of the machine", arg);
		return err_cure(err, "a percentage above 0, as in 0.5%%");
	}
	((struct target_options *)ctx)->recording.budget_share = percent / 100;
	return 0;
}

int target_set_max_depth(void *ctx, const char *arg, struct err *err)
{
	uint64_t depth;

	if (!parse_u64(arg, RECORDING_MAX_DEPTH, &depth) || !depth)
		return err_usage(err, "--max-depth %.40s: a number from 1 to %d", arg,
				 RECORDING_MAX_DEPTH);
	((struct target_options *)ctx)->recording.max_depth = (unsigned)depth;
	return 0;
}

int target_finish(struct target_options *t, int argc, char **argv, struct err *err)
{
	struct recording_options *r = &t->recording;

	if (argc > 0)
		r->command = argv;
	if (t->all && (r->n_pids || r->n_tids)) {
		err_usage(err, "-a is the whole machine and goes with no process or thread");
		return err_cure(err, "leave -a out");
	}
	/* As with perf: beside another target, the command only says how long. */
	r->command_is_clock =
		r->command && (t->all || r->n_pids || r->n_tids || r->user || r->cgroup);
	if (t->rate_given && r->period) {
		err_usage(err, "-F and -c contradict each other");
		return err_cure(err, "give a rate (-F) or a count (-c)");
	}
	if (r->budget_share > 0 && r->period) {
		err_usage(err, "--budget lowers a rate, and -c gives none");
		return err_cure(err, "give a rate (-F)");
	}
	if (!r->n_events)
		events_parse("cpu", r->events, RECORDING_MAX_EVENTS, &r->n_events, err);
	if (!t->rate_given && !r->period)
		r->frequency_hz =
			r->command && !r->command_is_clock ? DEFAULT_COMMAND_HZ : DEFAULT_HZ;
	if (!r->max_depth)
		r->max_depth = RECORDING_MAX_DEPTH;
	return 0;
}

void target_release(void *ctx)
{
	struct target_options *t = ctx;

	free(t->recording.pids);
	free(t->recording.tids);
}

void target_help(struct str *out)
{
	const char *name, *what;

	str_puts(out, "\nEvents (-e), each with :u for user, :k for kernel code only:\n");
	for (size_t i = 0; (name = event_name(i, &what)); i++)
		str_printf(out, "  %-24s%s\n", name, what);
}
