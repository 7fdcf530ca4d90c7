/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what `perf script` prints: a header line a sample, then its frames, the innermost first.
 *
 *   command  123/124 [001]  81.5:  250000 cpu-clock:u:
 *           55d0c0ffee work+0x1e (/usr/bin/prog)
 */
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/format.h"
#include "profile/intake.h"
#include "profile/named_mappings.h"

#include <ctype.h>
#include <string.h>

enum {
	MAX_LEVELS = 4096, /* of what is inlined in a frame */
	MAX_NAME = 1 << 16,
};

struct reader {
	struct profile *p;
	struct named_mappings mappings;
	struct intake intake;
	frame_id frames[INTAKE_MAX_FRAMES];
	size_t n;
	unsigned levels;
	frame_id inner; /* inlined frames that wait for the one they are inlined in */
	labels_id labels;
	int64_t period;
	string_id events[MAX_VALUE_TYPES / 2]; /* in the order of their columns */
	size_t n_events, event;                /* the latter of the sample */
	bool in_sample, has_clock, full;
	bool has_fields; /* it is a tracepoint, whose fields stand behind it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end)
{
	while (at < end && !is_blank(*at))
		at++;
	return at;
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && isdigit((unsigned char)*at))
		at++;
	return at;
}

/* Does a word of the line say when a sample was taken ("81.500123:")? Frames have none. Commands
 * are padded with blanks where there are no stacks, so that blanks at the beginning say nothing. */
static bool is_header(const char *at, const char *end)
{
	for (at = skip_blanks(at, end); at < end; at = skip_blanks(skip_word(at, end), end)) {
		const char *point = skip_digits(at, end), *stop;

		if (point == at || point == end || *point != '.')
			continue;
		stop = skip_digits(point + 1, end);
		if (stop > point + 1 && stop < end && *stop == ':')
			return true;
	}
	return false;
}

/* An address, a blank. */
static bool begins_frame(const char *at, const char *end)
{
	const char *address = at;

	while (at < end && isxdigit((unsigned char)*at))
		at++;
	return at > address && at < end && *at == ' ';
}

static bool is_frame(const char *line, const char *end)
{
	const char *at = skip_blanks(line, end);

	return at > line && begins_frame(at, end);
}

bool perf_script_is(const char *head, size_t len)
{
	const char *end = head + len;

	for (const char *line = head, *stop; line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		stop = stop ? stop : end;
		if (stop > line && *line != '#')
			return is_header(line, stop) || (stop < end && is_frame(stop + 1, end));
	}
	return false;
}

/* -- frames -- */

static mapping_id perf_script_mapping_of(struct reader *r, const char *name, size_t len)
{
	struct mapping like = {.has_functions = true};

	like.filename = strings_add_n(&r->p->strings, name, len);
	return named_mappings_add(&r->mappings, &like);
}

/* "name+0x1e" without the offset. */
static size_t without_offset(const char *name, size_t len)
{
	size_t at = len;

	while (at > 0 && isxdigit((unsigned char)name[at - 1]))
		at--;
	return at >= 3 && at < len && memcmp(name + at - 3, "+0x", 3) == 0 ? at - 3 : len;
}

static void perf_script_name_frame(struct reader *r, struct frame *f, const char *name, size_t len)
{
	auto_free char *placeholder = NULL;

	len = without_offset(name, len);
	if (!len || (len == 9 && memcmp(name, "[unknown]", 9) == 0)) {
		placeholder = frame_placeholder(
			f->mapping == NO_ID ? "unknown" : profile_module(r->p, f), f->address);
		f->function = strings_add(&r->p->strings, placeholder);
	} else {
		f->function = strings_add_n(&r->p->strings, name, len);
		f->named = true;
	}
	f->system_name = f->function;
}

static bool perf_script_add_frame(struct reader *r, const char *line, const char *end)
{
	struct frame f = {.mapping = NO_ID, .inner = r->inner};
	const char *open, *name;

	for (; line < end && hex_digit(*line) < 16; line++)
		f.address = f.address << 4 | hex_digit(*line);
	if (line == end || *line != ' ' || r->n == INTAKE_MAX_FRAMES)
		return false;
	for (name = line; name < end && *name == ' '; name++)
		;
	open = name < end ? memrchr(name, '(', (size_t)(end - name)) : NULL;
	if (open && end[-1] == ')' && end - name < MAX_NAME) {
		f.inlined = end - open == 9 && memcmp(open, "(inlined)", 9) == 0;
		if (!f.inlined)
			f.mapping = perf_script_mapping_of(r, open + 1, (size_t)(end - open) - 2);
		end = open;
	}
	while (end > name && end[-1] == ' ')
		end--;
	perf_script_name_frame(r, &f, name, (size_t)(end - name));
	f.kind = frame_kind_of(r->p, &f);
	r->inner = profile_add_frame(r->p, &f);
	if (f.inlined)
		return ++r->levels < MAX_LEVELS;
	r->levels = 0;
	r->frames[r->n++] = r->inner;
	r->inner = NO_ID;
	return true;
}

static void end_sample(struct reader *r)
{
	int64_t values[MAX_VALUE_TYPES] = {0};

	if (!r->in_sample)
		return;
	if (r->inner != NO_ID && r->n < INTAKE_MAX_FRAMES)
		r->frames[r->n++] = r->inner;
	values[2 * r->event] = 1;
	values[2 * r->event + 1] = r->period;
	r->full = !intake_add(&r->intake, r->frames, r->n, r->labels, values);
	r->n = 0;
	r->in_sample = false;
	r->inner = NO_ID;
}

/* -- the header -- */

static const char *take_number(const char *at, const char *end, int64_t *ret)
{
	const char *start = at;

	for (*ret = 0; at < end && isdigit((unsigned char)*at) && *ret < INT64_MAX / 10 - 1; at++)
		*ret = *ret * 10 + (*at - '0');
	return at > start ? at : NULL;
}

/* "123" or "123/124", a word. Returns its end, or NULL when it is none. */
static const char *take_ids(const char *at, const char *end, int64_t *ret_pid, int64_t *ret_tid)
{
	at = take_number(at, end, ret_pid);
	*ret_tid = *ret_pid;
	if (at && at < end && *at == '/')
		at = take_number(at + 1, end, ret_tid);
	return at && (at == end || is_blank(*at)) ? at : NULL;
}

static void set_labels(struct reader *r, const char *command, size_t len, int64_t pid, int64_t tid)
{
	struct strings *s = &r->p->strings;
	string_id text = strings_add_n(s, command, len);
	const struct label labels[] = {
		{.key = strings_add(s, "pid"), .number = pid},
		{.key = strings_add(s, "tid"), .number = tid},
		{.key = strings_add(s, "process"), .text = text},
		{.key = strings_add(s, "thread"), .text = text},
	};

	r->labels = profile_add_labels(r->p, labels, ARRAY_SIZE(labels));
}

/* "cycles:ppp" without what says how it was counted; "sched:sched_switch" is a name. */
static size_t without_modifiers(const char *event, size_t len)
{
	const char *colon = memrchr(event, ':', len);
	const char *at = colon ? colon + 1 : event;

	while (colon && at < event + len && strchr("ukhpPGHSDIWeb", *at))
		at++;
	return colon && at == event + len ? (size_t)(colon - event) : len;
}

static bool find_event(struct reader *r, string_id name)
{
	for (r->event = 0; r->event < r->n_events; r->event++)
		if (r->events[r->event] == name)
			return true;
	return false;
}

/* The event of the sample; each has two columns, as in a recording of ours, and the last two are
 * for all that there is no room for. */
static void set_event(struct reader *r, const char *name, size_t len)
{
	size_t plain = without_modifiers(name, MIN(len, (size_t)200));
	auto_free char *event = mem_printf("%.*s", (int)plain, name), *samples = NULL;
	bool clock = str_equal(event, "cpu-clock") || str_equal(event, "task-clock");
	bool last = r->n_events + 1 >= ARRAY_SIZE(r->events);
	const char *shown = *event ? event : "events";

	if (last)
		shown = "other_events";
	else if (clock && !r->has_clock)
		shown = "cpu";
	r->has_fields = strchr(event, ':') != NULL;
	if (find_event(r, strings_add(&r->p->strings, event)) ||
	    (last && find_event(r, strings_add(&r->p->strings, shown))))
		return;
	r->events[r->n_events++] = strings_add(&r->p->strings, last ? shown : event);
	/* The intake holds the columns as they are. */
	r->full = !intake_finish(&r->intake) || r->full;
	samples = mem_printf("%s_samples", shown);
	profile_add_type(r->p, r->event ? samples : "samples", "count");
	profile_add_type(r->p, shown, clock && !last ? "nanoseconds" : "count");
	/* Which event was asked for first is not known: time is, most often. */
	if (clock && !last && !r->has_clock)
		r->p->default_type = r->p->n_types - 1;
	r->has_clock = r->has_clock || clock;
}

static bool begin_sample(struct reader *r, const char *line, const char *end)
{
	const char *at = line, *command_end, *word = NULL, *ids = NULL;
	int64_t pid, tid, period = 1;

	/* A command may have blanks; the first word behind it that is a number ends it. */
	for (command_end = skip_word(line, end); !ids && command_end < end;) {
		at = skip_blanks(command_end, end);
		ids = take_ids(at, end, &pid, &tid);
		if (!ids)
			command_end = skip_word(at, end);
	}
	if (!ids)
		return false;
	set_labels(r, line, (size_t)(command_end - line), pid, tid);
	/* The event is the last word that ends with ':', behind the time; before it the period. */
	for (at = skip_blanks(ids, end); at < end; at = skip_blanks(word, end)) {
		const char *next = skip_word(at, end);
		int64_t number;
		const char *stop = take_number(at, end, &number);

		word = next;
		if (next[-1] == ':' && !stop) {
			set_event(r, at, (size_t)(next - at) - 1);
			break;
		}
		period = stop == next ? number : 1;
	}
	if (at >= end)
		return false;
	r->period = MAX(period, 1);
	r->in_sample = true;
	/* Without -g the only frame stands on the same line; behind a tracepoint stand its fields.
	 */
	at = skip_blanks(word, end);
	if (at == end || r->has_fields)
		return true;
	if (!perf_script_add_frame(r, at, end))
		return false;
	end_sample(r);
	return true;
}

static bool perf_script_read_line(struct reader *r, const char *line, const char *end)
{
	const char *at = skip_blanks(line, end);

	if (at == end) {
		end_sample(r);
		return true;
	}
	if (*line == '#')
		return true;
	if (at > line && r->in_sample && !is_header(line, end))
		return perf_script_add_frame(r, at, end);
	end_sample(r);
	return begin_sample(r, at, end);
}

int perf_script_read(struct lines *lines, struct profile *p, struct err *err)
{
	auto_free struct reader *r = mem_alloc(sizeof(*r));
	const char *line;
	size_t n;
	bool ok = true;

	r->p = r->mappings.p = r->intake.p = p;
	r->inner = NO_ID;
	while (ok && !r->full && lines_next(lines, &line, &n))
		ok = perf_script_read_line(r, line, line + n);
	if (ok)
		end_sample(r);
	r->full = !intake_finish(&r->intake) || r->full;
	named_mappings_release(&r->mappings);
	if (lines->error)
		return err_set(err, lines->error, "cannot read it");
	if (!ok)
		return err_set(err, 0, "line %zu is not what 'perf script' prints", lines->number);
	if (r->full)
		return err_set(err, 0, INTAKE_FULL);
	return p->n_samples ? 0 : err_set(err, 0, "there are no samples in it");
}
