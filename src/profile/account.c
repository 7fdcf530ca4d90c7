/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of a run. */
#include "profile/account.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void reasons_release(struct account_reasons *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->rows[i].text);
	free(r->rows);
	*r = (struct account_reasons){0};
}

void account_release(struct account *a)
{
	reasons_release(&a->lost_by_reason);
	reasons_release(&a->cut_by_reason);
	reasons_release(&a->cut_by_module);
	reasons_release(&a->unwind_ends);
	reasons_release(&a->named_by);
	*a = (struct account){0};
}

void account_add(struct account_reasons *r, const char *text, uint64_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < r->n; i++) {
		if (str_equal(r->rows[i].text, text)) {
			r->rows[i].count += count;
			return;
		}
	}
	array_reserve(r->rows, r->cap, r->n + 1);
	r->rows[r->n++] = (struct account_reason){mem_strdup(text), count};
}

static int reason_order(const void *a, const void *b)
{
	const struct account_reason *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

void account_sort(struct account_reasons *r)
{
	if (r->n)
		qsort(r->rows, r->n, sizeof(*r->rows), reason_order);
}

/* A share as people read it: never "100 %" when something is missing. */
static void share(struct str *out, uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 100.0;

	if (part < whole && percent > 99.99)
		percent = 99.99;
	if (percent == 100.0)
		str_puts(out, "100 %");
	else if (percent >= 99)
		str_printf(out, "%.2f %%", percent);
	else
		str_printf(out, "%.1f %%", percent);
}

static void reasons_line(struct str *out, const struct account_reasons *r, size_t most)
{
	char number[32];

	for (size_t i = 0; i < r->n && i < most; i++)
		str_printf(out, "%s%s %s", i ? ", " : "", format_count(number, r->rows[i].count),
			   r->rows[i].text);
	if (r->n > most)
		str_printf(out, ", %zu more", r->n - most);
}

void account_line(const struct account *a, struct str *out)
{
	char number[32];

	str_printf(out, "%s sample%s", format_count(number, a->samples),
		   a->samples == 1 ? "" : "s");
	str_printf(out, " of %s process%s in %.1f s", format_count(number, a->processes),
		   a->processes == 1 ? "" : "es", a->duration_s);
	str_printf(out, "; %s lost", format_count(number, a->lost));
	if (a->lost_by_reason.n) {
		str_puts(out, " (");
		reasons_line(out, &a->lost_by_reason, 4);
		str_putc(out, ')');
	}
	if (a->user_stacks) {
		str_puts(out, "; ");
		share(out, a->user_stacks_complete, a->user_stacks);
		str_puts(out, " of user stacks complete");
	}
	if (a->frames) {
		str_puts(out, "; ");
		share(out, a->frames_named, a->frames);
		str_puts(out, " of frames named");
	}
	/* What comes before and after counts too: of a moment's recording it is more than all. */
	if (a->overhead_cpu_s < a->machine_cpu_s)
		str_printf(out, "; cost %.2f %% of the machine",
			   100 * a->overhead_cpu_s / a->machine_cpu_s);
	else
		str_printf(out, "; cost %s of CPU time",
			   format_ns(number, a->overhead_cpu_s * 1e9));
	if (a->kernel_cost_unknown)
		str_puts(out, " without the kernel's part, which is not measured here");
	if (a->budget_share > 0 && a->machine_cpu_s > 0) {
		str_printf(out, "; sampling cost %.2f %% of a budget of %.3g %%",
			   100 * a->budget_cost_s / a->machine_cpu_s, 100 * a->budget_share);
		if (a->least_rate_hz)
			str_printf(out, ", with the rate lowered to %llu Hz",
				   (unsigned long long)a->least_rate_hz);
	}
	if (a->event[0])
		str_printf(out, "; %s", a->event);
	if (a->by_perf[0])
		str_printf(out, "; %s: %s", a->by_perf,
			   a->without_kernel ? "kernel time is not seen" : "by perf's own samples");
	else if (a->way[0])
		str_printf(out, ", by BPF (%s)", a->way);
	if (a->command_status[0])
		str_printf(out, "; command %s", a->command_status);
}

static json_t *reasons_json(const struct account_reasons *r)
{
	json_t *object = json_object();

	for (size_t i = 0; i < r->n; i++) {
		json_t *key = json_text(r->rows[i].text); /* a file's name need not be UTF-8 */

		json_object_set_new(object, json_string_value(key),
				    json_integer((json_int_t)r->rows[i].count));
		json_decref(key);
	}
	return object;
}

json_t *account_json(const struct account *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "samples", json_integer((json_int_t)a->samples));
	json_object_set_new(o, "lost", json_integer((json_int_t)a->lost));
	json_object_set_new(o, "lost_by_reason", reasons_json(&a->lost_by_reason));
	json_object_set_new(o, "user_stacks", json_integer((json_int_t)a->user_stacks));
	json_object_set_new(o, "user_stacks_complete",
			    json_integer((json_int_t)a->user_stacks_complete));
	json_object_set_new(o, "cut_by_reason", reasons_json(&a->cut_by_reason));
	json_object_set_new(o, "cut_by_module", reasons_json(&a->cut_by_module));
	json_object_set_new(o, "unwind_ends", reasons_json(&a->unwind_ends));
	json_object_set_new(o, "frames", json_integer((json_int_t)a->frames));
	json_object_set_new(o, "frames_named", json_integer((json_int_t)a->frames_named));
	json_object_set_new(o, "named_by", reasons_json(&a->named_by));
	json_object_set_new(o, "processes", json_integer((json_int_t)a->processes));
	json_object_set_new(o, "duration_s", json_real(a->duration_s));
	json_object_set_new(o, "overhead_cpu_s", json_real(a->overhead_cpu_s));
	json_object_set_new(o, "privileged", json_boolean(!a->by_perf[0]));
	json_object_set_new(o, "way", json_string(a->way));
	if (a->by_perf[0]) {
		json_object_set_new(o, "refused", json_text(a->by_perf));
		json_object_set_new(o, "kernel_seen", json_boolean(!a->without_kernel));
	}
	if (a->kernel_cost_unknown)
		json_object_set_new(o, "kernel_cost_known", json_false());
	if (a->budget_share > 0) {
		json_object_set_new(o, "budget_percent", json_real(100 * a->budget_share));
		json_object_set_new(o, "budget_cost_cpu_s", json_real(a->budget_cost_s));
		json_object_set_new(o, "least_rate_hz", json_integer((json_int_t)a->least_rate_hz));
	}
	json_object_set_new(o, "machine_cpu_s", json_real(a->machine_cpu_s));
	json_object_set_new(o, "event", json_text(a->event));
	if (a->command_status[0])
		json_object_set_new(o, "command_status", json_text(a->command_status));
	return o;
}
