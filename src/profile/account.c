/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of a run. */
#include "profile/account.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_REASONS = 100, /* that are told apart over weeks */
	SHOWN_BYTES = 80,  /* of a line that was skipped */
};

static void reasons_release(struct account_reasons *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->rows[i].text);
	free(r->rows);
	*r = (struct account_reasons){0};
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

void account_skip(struct account *a, uint64_t lines, uint64_t bytes, const char *reason,
		  const char *where)
{
	a->skipped_lines += lines;
	a->skipped_bytes += bytes;
	account_add(&a->skipped_by_reason, reason, lines || bytes ? lines + bytes : 1);
	if (!a->skipped_first[0])
		snprintf(a->skipped_first, sizeof(a->skipped_first), "%s", where);
}

void account_skip_line(struct account *a, const char *reason, size_t number, const char *line,
		       size_t len)
{
	struct str where auto_release(str_release) = {0};
	auto_free char *shown = NULL;

	if (!a->skipped_first[0]) {
		shown = mem_printf("%.*s", (int)MIN(len, (size_t)SHOWN_BYTES), line);
		str_printf(&where, "line %zu: '", number);
		str_plain(&where, shown);
		str_puts(&where, len > SHOWN_BYTES ? "...'" : "'");
	}
	account_skip(a, 1, 0, reason, where.text ? where.text : "");
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

/* Of rows that nothing has to be done for. */
#define NOTHING(...)

void account_release(struct account *a)
{
#define REASONS(field, when) reasons_release(&a->field);
#define COUNT                NOTHING
#define LEAST                NOTHING
#define SECONDS              NOTHING
#define SHARE                NOTHING
#define FLAG                 NOTHING
#define TEXT                 NOTHING
#include "profile/account.def"
#undef REASONS
#undef COUNT
#undef LEAST
#undef SECONDS
#undef SHARE
#undef FLAG
#undef TEXT
	*a = (struct account){0};
}

static void reasons_sum(struct account_reasons *to, const struct account_reasons *from)
{
	for (size_t i = 0; i < from->n; i++)
		account_add(to, to->n < MAX_REASONS ? from->rows[i].text : "other reasons",
			    from->rows[i].count);
	account_sort(to);
}

void account_sum(struct account *to, const struct account *from)
{
#define COUNT(field, when)   to->field += from->field;
#define SECONDS(field, when) to->field += from->field;
#define REASONS(field, when) reasons_sum(&to->field, &from->field);
#define LEAST(field, when)                                                                         \
	if (from->field && (!to->field || from->field < to->field))                                \
		to->field = from->field;
#define SHARE(field, when)                                                                         \
	if (from->field > 0)                                                                       \
		to->field = from->field;
#define FLAG(field, when) to->field = from->field;
#define TEXT(field, bytes, when)                                                                   \
	if (from->field[0])                                                                        \
		memcpy(to->field, from->field, sizeof(to->field));
#include "profile/account.def"
#undef COUNT
#undef SECONDS
#undef REASONS
#undef LEAST
#undef SHARE
#undef FLAG
#undef TEXT
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

static void counted(struct str *out, uint64_t count, const char *noun)
{
	char number[32];

	str_printf(out, "%s %s%s", format_count(number, count), noun, count == 1 ? "" : "s");
}

void account_skipped_line(const struct account *a, const char *file, struct str *out)
{
	uint64_t n = a->skipped_lines + a->skipped_bytes;

	if (a->skipped_lines)
		counted(out, a->skipped_lines, "line");
	if (a->skipped_lines && a->skipped_bytes)
		str_puts(out, " and ");
	if (a->skipped_bytes)
		counted(out, a->skipped_bytes, "byte");
	if (!n)
		str_puts(out, "something");
	str_printf(out, " of %s %s skipped (", file, n > 1 ? "were" : "was");
	reasons_line(out, &a->skipped_by_reason, 4);
	str_printf(out, "); the first is %s", a->skipped_first);
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
	if (a->mapping_records_lost)
		str_printf(out, "; %s records of mappings lost: some code may have another's names",
			   format_count(number, a->mapping_records_lost));
	if (a->reads_given_up)
		str_printf(out, "; %s read%s of processes' files and memory had no answer in time",
			   format_count(number, a->reads_given_up),
			   a->reads_given_up == 1 ? "" : "s");
	if (a->code_maps_cut)
		str_printf(out, "; of %s perf map%s not all was read, to bound memory",
			   format_count(number, a->code_maps_cut),
			   a->code_maps_cut == 1 ? "" : "s");
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
	if (a->budget_percent > 0 && a->machine_cpu_s > 0) {
		str_printf(out, "; sampling cost %.2f %% of a budget of %.3g %%",
			   100 * a->budget_cost_cpu_s / a->machine_cpu_s, a->budget_percent);
		if (a->least_rate_hz)
			str_printf(out, ", with the rate lowered to %llu Hz",
				   (unsigned long long)a->least_rate_hz);
	}
	if (a->event[0])
		str_printf(out, "; %s", a->event);
	if (a->refused[0])
		str_printf(out, "; %s: %s", a->refused,
			   a->kernel_unseen ? "kernel time is not seen" : "by perf's own samples");
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

/* When a row is written. */
#define ALWAYS(is_set) true
#define SET(is_set)    (is_set)
#define NEVER(is_set)  false

json_t *account_json(const struct account *a)
{
	json_t *o = json_object();

#define ROW(field, when, is_set, value)                                                            \
	if (when(is_set))                                                                          \
		json_object_set_new(o, #field, value);
#define COUNT(field, when)       ROW(field, when, a->field, json_integer((json_int_t)a->field))
#define LEAST(field, when)       ROW(field, when, a->field, json_integer((json_int_t)a->field))
#define SECONDS(field, when)     ROW(field, when, a->field > 0, json_real(a->field))
#define SHARE(field, when)       ROW(field, when, a->field > 0, json_real(a->field))
#define REASONS(field, when)     ROW(field, when, a->field.n, reasons_json(&a->field))
#define FLAG(field, when)        ROW(field, when, a->field, json_true())
#define TEXT(field, bytes, when) ROW(field, when, a->field[0], json_text(a->field))
#include "profile/account.def"
#undef ROW
#undef COUNT
#undef LEAST
#undef SECONDS
#undef SHARE
#undef REASONS
#undef FLAG
#undef TEXT
	/* What is said the other way round, or only beside something else. */
	json_object_set_new(o, "privileged", json_boolean(!a->refused[0]));
	if (a->refused[0])
		json_object_set_new(o, "kernel_seen", json_boolean(!a->kernel_unseen));
	if (a->kernel_cost_unknown)
		json_object_set_new(o, "kernel_cost_known", json_false());
	if (a->budget_percent > 0)
		json_object_set_new(o, "least_rate_hz", json_integer((json_int_t)a->least_rate_hz));
	return o;
}

json_t *account_read_json(const struct account *a)
{
	json_t *o = json_object();

	if (a->skipped_lines)
		json_object_set_new(o, "skipped_lines", json_integer((json_int_t)a->skipped_lines));
	if (a->skipped_bytes)
		json_object_set_new(o, "skipped_bytes", json_integer((json_int_t)a->skipped_bytes));
	if (a->skipped_first[0]) {
		json_object_set_new(o, "skipped_by_reason", reasons_json(&a->skipped_by_reason));
		json_object_set_new(o, "skipped_first", json_text(a->skipped_first));
	}
	if (a->lost) {
		json_object_set_new(o, "lost", json_integer((json_int_t)a->lost));
		json_object_set_new(o, "lost_by_reason", reasons_json(&a->lost_by_reason));
	}
	return o;
}
