/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /metrics: the profiler's own figures, for Prometheus.
 *
 * Source: Prometheus's text exposition format, 0.0.4.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/self.h"
#include "serve/request.h"

static void metrics_put_head(struct str *out, const char *name, const char *type, const char *help)
{
	str_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(struct str *out, const char *name, const char *type, const char *help,
		      double value)
{
	metrics_put_head(out, name, type, help);
	str_printf(out, "%s %.17g\n", name, value);
}

/* A label's value: backslash, quote and line end are escaped, and what is no UTF-8 is replaced. */
static void put_label(struct str *out, const char *name, const char *value)
{
	struct str text auto_release(str_release) = {0};

	str_plain(&text, value);
	str_printf(out, "%s=\"", name);
	for (const char *c = text.text ? text.text : ""; *c; c++) {
		if (*c == '\\' || *c == '"')
			str_putc(out, '\\');
		str_putc(out, *c);
	}
	str_putc(out, '"');
}

static void put_reasons(struct str *out, const char *name, const char *help,
			const struct account_reasons *reasons)
{
	metrics_put_head(out, name, "counter", help);
	for (size_t i = 0; i < reasons->n; i++) {
		str_printf(out, "%s{", name);
		put_label(out, "reason", reasons->rows[i].text);
		str_printf(out, "} %llu\n", (unsigned long long)reasons->rows[i].count);
	}
}

static void put_usage(struct str *out, const struct history_status *s)
{
	put_value(out, "cprof_cgroups_cut", "gauge",
		  "1 when there are more cgroups than --metrics-cgroups: then none is told apart.",
		  s->usage_is_cut);
	if (s->usage_is_cut)
		return;
	metrics_put_head(out, "cprof_cgroup_cpu_seconds_total", "counter",
			 "CPU seconds by cgroup (container, service), from samples.");
	for (size_t i = 0; i < s->n_usage; i++) {
		str_puts(out, "cprof_cgroup_cpu_seconds_total{");
		put_label(out, "cgroup", s->usage[i].cgroup);
		str_putc(out, ',');
		put_label(out, "container", s->usage[i].container);
		str_printf(out, "} %.6f\n", (double)s->usage[i].cpu_ns / 1e9);
	}
}

static void put_own(struct str *out, const struct history_status *s)
{
	put_value(out, "process_cpu_seconds_total", "counter",
		  "CPU seconds of cprof's own processes.", self_cpu_s());
	put_value(out, "process_resident_memory_bytes", "gauge", "Memory of cprof's own.",
		  (double)self_resident_bytes(NULL));
	put_value(out, "cprof_overhead_seconds_total", "counter",
		  "CPU seconds of profiling: cprof's own and the kernel time of its programs.",
		  s->account.overhead_cpu_s);
	put_value(out, "cprof_kernel_cost_known", "gauge",
		  "0 when cprof_overhead_seconds_total lacks the programs' time in the kernel.",
		  !s->account.kernel_cost_unknown);
	put_value(out, "cprof_machine_seconds_total", "counter",
		  "CPU seconds that the machine had to give meanwhile.", s->account.machine_cpu_s);
	put_value(out, "cprof_uptime_seconds", "gauge", "Since cprof began.",
		  (double)(monotonic_ns() - s->started_ns) / 1e9);
}

static void put_stacks(struct str *out, const struct account *a)
{
	put_value(out, "cprof_user_stacks_total", "counter", "Samples with a user stack.",
		  (double)a->user_stacks);
	put_value(out, "cprof_user_stacks_complete_total", "counter",
		  "Samples whose user stack reaches the thread's first function.",
		  (double)a->user_stacks_complete);
	put_reasons(out, "cprof_user_stacks_cut_total",
		    "Samples whose user stack is cut, by reason.", &a->cut_by_reason);
	put_reasons(out, "cprof_unwind_ends_total", "How walks of user stacks in the kernel ended.",
		    &a->unwind_ends);
}

void metrics(struct request *r)
{
	const struct history_status *s;
	struct str body = {0};

	s = r->history->status(r->history);
	metrics_put_head(&body, "cprof_build_info", "gauge", "The version.");
	str_printf(&body, "cprof_build_info{version=\"%s\"} 1\n", CPROF_VERSION);
	put_value(&body, "cprof_samples_total", "counter", "Samples taken.",
		  (double)s->account.samples);
	put_value(&body, "cprof_samples_lost_total", "counter", "Samples that were lost.",
		  (double)s->account.lost);
	put_reasons(&body, "cprof_samples_lost_by_reason_total",
		    "Samples that were lost, by reason.", &s->account.lost_by_reason);
	put_stacks(&body, &s->account);
	put_value(&body, "cprof_sampling_hz", "gauge", "Samples a second and CPU, now.",
		  (double)s->rate_hz);
	put_value(&body, "cprof_history_seconds", "gauge", "How far back from= can look.",
		  (double)s->history_ns / 1e9);
	put_value(&body, "cprof_history_bytes", "gauge", "Memory of the history.",
		  (double)s->history_bytes);
	put_value(&body, "cprof_profile_bytes", "gauge",
		  "Memory of stacks, frames and names, about.", (double)s->profile_bytes);
	put_value(&body, "cprof_symbol_cache_frames", "gauge", "Frames whose names are at hand.",
		  (double)s->frames);
	put_value(&body, "cprof_renewals_total", "counter",
		  "Times that everything was begun anew to bound memory.", (double)s->renewals);
	put_usage(&body, s);
	put_own(&body, s);
	reply(r, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &body);
}
