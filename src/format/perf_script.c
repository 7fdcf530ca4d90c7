/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what `perf script` prints: a header line a sample, then its frames, the innermost first.
 *
 *   command  123/124 [001]  81.5:  250000 cpu-clock:u:
 *           55d0c0ffee work+0x1e (/usr/bin/prog)
 */
#include "base/demangle.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/format.h"
#include "format/perf_frame.h"
#include "format/perf_header.h"
#include "format/perf_layout.h"
#include "profile/intake.h"
#include "profile/named_mappings.h"

#include <string.h>

enum {
	MAX_LEVELS = 4096, /* of what is inlined in a frame */
	MAX_LINE = 1 << 20,
	MAX_EVENTS = 16, /* that have columns of their own */
};

struct reader {
	struct profile *p;
	const struct lines *lines;
	struct perf_layout layout;
	struct named_mappings mappings;
	struct map64 shown; /* name -> what is shown of it */
	struct intake intake;
	frame_id frames[INTAKE_MAX_FRAMES];
	size_t n;
	unsigned levels;
	frame_id inner;    /* inlined frames that wait for the one they are inlined in */
	struct frame last; /* the frame read last, of which the next line may say more */
	bool has_last, is_deep;
	frame_id single; /* the frame behind the header, which counts when none follow; NO_ID */
	labels_id labels;
	int64_t period;
	string_id events[MAX_EVENTS]; /* in the order of their columns */
	size_t n_events, event;       /* the latter of the sample */
	bool in_sample, has_clock, full;
	struct str maybe; /* a line that is a header if frames follow, without its end */
	size_t maybe_number;
	/* What the file has had so far: it tells what is cut off, and what is none of it. */
	bool had_sure, had_maybe, had_tabs, had_modules;
	bool in_record; /* of several lines */
	bool is_alone;  /* the sample is a frame without a header */
};

static void perf_script_skip(struct reader *r, const char *reason, const char *line,
			     const char *end)
{
	account_skip_line(&r->p->account, reason, r->lines->number, line, (size_t)(end - line));
}

/* -- frames -- */

/* "[nf_conntrack]", "/boot/vmlinux", "/lib/modules/x/xfs.ko.xz": in old perf's text the kernel's
 * addresses are small, so that the module alone tells. */
static bool is_kernel_module(struct piece name)
{
	static const char *const of_programs[] = {"[vdso",  "[vvar",  "[vsyscall", "[heap",
						  "[stack", "[anon",  "[unknown",  "[uprobes",
						  "[jit",   "[kernel"};
	static const char *const files[] = {"/vmlinux", ".ko", ".ko.xz", ".ko.zst", ".ko.gz"};
	bool is = *name.at == '[' && name.end[-1] == ']';

	for (size_t i = 0; i < ARRAY_SIZE(of_programs); i++)
		is &= !piece_starts(name, of_programs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		is |= piece_ends(name, files[i]);
	return is;
}

/* The kernel's are called so that any reader knows them: "[kernel.nf_conntrack]". */
static string_id perf_script_module(struct reader *r, struct piece name, uint64_t address)
{
	auto_free char *of_kernel = NULL;
	const char *slash;

	if (piece_is_empty(name) || address >> 63 || !is_kernel_module(name))
		return strings_add_n(&r->p->strings, name.at, piece_len(name));
	slash = memrchr(name.at, '/', piece_len(name));
	name.at = slash ? slash + 1 : name.at + 1;
	name.end -= slash ? 0 : 1;
	of_kernel = mem_printf("[kernel.%.*s]", (int)MIN(piece_len(name), (size_t)200), name.at);
	return strings_add(&r->p->strings, of_kernel);
}

static mapping_id perf_script_mapping_of(struct reader *r, const struct perf_frame *f)
{
	struct mapping like = {.has_functions = true};

	like.filename = perf_script_module(r, f->module, f->address);
	return named_mappings_add(&r->mappings, &like);
}

/* perf is built without a demangler here and there. */
static string_id shown_name(struct reader *r, string_id name)
{
	auto_free char *readable = NULL;
	uint64_t known;

	if (*profile_raw(r->p, name) != '_')
		return name;
	if (map64_find(&r->shown, name, &known))
		return (string_id)known;
	readable = demangle(profile_raw(r->p, name), false);
	known = readable ? strings_add(&r->p->strings, readable) : name;
	map64_set(&r->shown, name, known);
	return (string_id)known;
}

static void perf_script_name_frame(struct reader *r, struct frame *f, struct piece name)
{
	auto_free char *placeholder = NULL;

	if (!piece_is_empty(name))
		f->system_name = strings_add_n(&r->p->strings, name.at, piece_len(name));
	if (!f->system_name || (piece_len(name) == 9 && piece_starts(name, "[unknown]"))) {
		placeholder = frame_placeholder(
			f->mapping == NO_ID ? "unknown" : profile_module(r->p, f), f->address);
		f->function = f->system_name = strings_add(&r->p->strings, placeholder);
	} else {
		f->function = shown_name(r, f->system_name);
		f->named = true;
	}
}

static struct frame make_frame(struct reader *r, const struct perf_frame *from)
{
	struct frame f = {.mapping = NO_ID, .inner = NO_ID, .address = from->address};

	f.inlined = from->inlined;
	if (from->has_module && !from->inlined)
		f.mapping = perf_script_mapping_of(r, from);
	perf_script_name_frame(r, &f, from->name);
	f.kind = frame_kind_of(r->p, &f);
	return f;
}

/* Puts the frame read last into the stack: nothing more is said of it. */
static void push_last(struct reader *r)
{
	if (!r->has_last)
		return;
	r->has_last = false;
	if (r->n == INTAKE_MAX_FRAMES) {
		r->is_deep = true;
		return;
	}
	r->last.inner = r->inner;
	r->inner = profile_add_frame(r->p, &r->last);
	if (r->last.inlined && ++r->levels < MAX_LEVELS)
		return;
	r->levels = 0;
	r->frames[r->n++] = r->inner;
	r->inner = NO_ID;
}

static void perf_script_add_frame(struct reader *r, const char *line, const char *end)
{
	struct perf_frame f;

	push_last(r);
	perf_frame_of_line(line, end, &f);
	if (r->lines->is_cut && r->had_modules && !f.has_module && !f.inlined) {
		perf_script_skip(r, "cut off", line, end);
		return;
	}
	r->had_modules = r->had_modules || f.has_module;
	r->had_tabs = r->had_tabs || *line == '\t';
	if (r->is_deep)
		perf_script_skip(r, "deeper than 65,536 frames", line, end);
	r->last = make_frame(r, &f);
	r->has_last = !r->is_deep;
}

/* The line of the source that the frame above is at. */
static void add_source(struct reader *r, const struct perf_source *s)
{
	if (!r->has_last)
		return;
	if (s->line) {
		r->last.file = strings_add_n(&r->p->strings, s->file.at, piece_len(s->file));
		r->last.line = s->line;
	}
	if (s->inlined) {
		r->last.inlined = true;
		r->last.mapping = NO_ID;
	}
}

static void end_sample(struct reader *r)
{
	int64_t values[MAX_VALUE_TYPES] = {0};

	if (!r->in_sample)
		return;
	push_last(r);
	if (r->inner != NO_ID && r->n < INTAKE_MAX_FRAMES)
		r->frames[r->n++] = r->inner;
	if (!r->n && r->single != NO_ID)
		r->frames[r->n++] = r->single;
	values[2 * r->event] = 1;
	values[2 * r->event + 1] = r->period;
	r->full = !intake_add(&r->intake, r->frames, r->n, r->labels, values) || r->full;
	r->n = r->levels = 0;
	r->in_sample = r->is_deep = r->is_alone = false;
	r->inner = r->single = NO_ID;
}

/* -- the header -- */

/* A command that is empty, or was not printed, has its process's number for a name. */
static void set_labels(struct reader *r, const struct perf_header *h)
{
	struct strings *s = &r->p->strings;
	struct label labels[4];
	string_id text;
	size_t n = 0;

	if (h->has_ids) {
		labels[n++] = (struct label){.key = strings_add(s, "pid"), .number = h->pid};
		labels[n++] = (struct label){.key = strings_add(s, "tid"), .number = h->tid};
		text = profile_task_name(r->p, h->command.at, piece_len(h->command), h->pid);
	} else {
		text = strings_add_n(s, h->command.at, piece_len(h->command));
	}
	if (text) {
		labels[n++] = (struct label){.key = strings_add(s, "process"), .text = text};
		labels[n++] = (struct label){.key = strings_add(s, "thread"), .text = text};
	}
	r->labels = profile_add_labels(r->p, labels, n);
}

/* "cycles:ppp" without what says how it was counted; "sched:sched_switch" is a name. */
static size_t without_modifiers(const char *event, size_t len)
{
	const char *colon = memrchr(event, ':', len);
	const char *at = colon ? colon + 1 : event;

	while (colon && at < event + len && *at && strchr("ukhpPGHSDIWeb", *at))
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

/*
 * The event of the sample; each has two columns, as in a recording of ours, and the last two are
 * for all that there is no room for. What is shown is time, or else what the first event counts.
 */
static void set_event(struct reader *r, const char *event, bool has_period)
{
	auto_free char *samples = NULL;
	/* Without a period it is not known how much time a sample is. */
	bool clock =
		has_period && (str_equal(event, "cpu-clock") || str_equal(event, "task-clock"));
	bool last = r->n_events + 1 >= ARRAY_SIZE(r->events);
	const char *shown = *event ? event : "events";

	if (last)
		shown = "other_events";
	else if (clock && !r->has_clock)
		shown = "cpu";
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
	if (!r->event || (clock && !last && !r->has_clock))
		r->p->default_type = r->p->n_types - 1;
	r->has_clock = r->has_clock || clock;
}

/* Is it none of a tracepoint's fields, "NR 9 (0, 2000)" among them? */
static bool is_sure_frame(const struct perf_frame *f)
{
	return f->has_address && f->has_module && !piece_is_empty(f->module) &&
	       (*f->module.at == '/' || *f->module.at == '[');
}

static void begin_sample(struct reader *r, const struct perf_header *h)
{
	size_t len = MIN(piece_len(h->event), (size_t)200);
	size_t plain = without_modifiers(h->event.at, len);
	auto_free char *event = mem_printf("%.*s", (int)plain, h->event.at);
	struct perf_frame f;

	set_labels(r, h);
	set_event(r, event, h->has_period);
	r->period = MAX(h->period, 1);
	r->in_sample = true;
	/* Without -g the only frame stands on the same line. Behind a tracepoint stand its fields;
	 * and where frames follow, an address is that of data. */
	if (perf_frame_find(h->rest, &f) &&
	    (strchr(event, ':') ? is_sure_frame(&f) : f.has_module || !r->had_tabs)) {
		struct frame single = make_frame(r, &f);

		r->single = profile_add_frame(r->p, &single);
	}
}

/* -- lines -- */

/* "PERF_RECORD_LOST lost 12" */
static void perf_script_take_record(struct reader *r, struct piece text)
{
	static const char lost[] = "lost ";
	const char *at = memmem(text.at, piece_len(text), lost, sizeof(lost) - 1);
	int64_t count;

	r->in_record = true;
	if (!piece_starts(text, "PERF_RECORD_LOST") || !at ||
	    !word_is_number(word_first((struct piece){at + sizeof(lost) - 1, text.end}), &count))
		return;
	r->p->account.lost += (uint64_t)count;
	account_add(&r->p->account.lost_by_reason, "by perf", (uint64_t)count);
}

/* What may have been a header was none. */
static void drop_maybe(struct reader *r)
{
	if (r->maybe.len && r->maybe.text[0] != '#')
		account_skip_line(&r->p->account, "not what 'perf script' prints", r->maybe_number,
				  r->maybe.text, r->maybe.len);
	r->maybe.len = 0;
}

/* What the line is by itself, and where that leaves doubts by what all of them are. */
static enum perf_line header_of(const struct reader *r, const char *line, const char *end,
				struct perf_header *ret)
{
	enum perf_line is = perf_header_parse(line, end, ret);
	const struct perf_layout *l = &r->layout;
	struct perf_header h;

	if (is == PERF_RECORD || !l->known ||
	    (is == PERF_SAMPLE && ret->has_ids && !piece_is_empty(ret->event)))
		return is;
	/* A command alone may be anything. */
	if (!l->is_flat && !l->ids && !l->cpu && !l->time && !l->event)
		return is;
	if (!perf_layout_parse(l, line, end, &h))
		return is;
	*ret = h;
	return PERF_SAMPLE;
}

/* What may have been a header was one. */
static void take_maybe(struct reader *r)
{
	struct perf_header h;

	if (!r->maybe.len)
		return;
	header_of(r, r->maybe.text, r->maybe.text + r->maybe.len, &h);
	r->maybe.len = 0;
	r->had_maybe = true;
	begin_sample(r, &h);
}

/* The header of a sample, or what may be one: whatever it is, the sample before ends. */
static void take_header(struct reader *r, const struct perf_header *h, bool is_sure,
			const char *line, const char *end)
{
	struct perf_frame f;
	bool has_frame = perf_frame_find(h->rest, &f) && f.has_module;
	bool has_event = !piece_is_empty(h->event);

	end_sample(r);
	if (r->lines->is_cut && !has_frame && (r->had_sure || r->had_maybe)) {
		perf_script_skip(r, "cut off", line, end);
		return;
	}
	if (is_sure || (has_frame && (has_event || h->has_ids || !r->had_tabs))) {
		r->had_sure = r->had_sure || is_sure;
		begin_sample(r, h);
		return;
	}
	str_add(&r->maybe, line, (size_t)(end - line));
	r->maybe_number = r->lines->number;
}

static bool perf_script_take_note(struct reader *r, const char *line, const char *end)
{
	struct perf_source source;
	enum perf_note is = perf_note_parse(line, end, &source);

	if (is == PERF_NOTE_SOURCE)
		add_source(r, &source);
	/* Source code may stand behind the blank line. */
	return (is != PERF_NOTE_NONE && (r->in_sample || *line == '|')) ||
	       (r->in_record && *line == '\t');
}

/* A frame without a tab in front of it, or without a header: frames alone (-F ip,sym) are samples
 * too, those behind blanks one each. */
static bool take_bare_frame(struct reader *r, const char *line, const char *end)
{
	const struct perf_header none = {
		.period = 1, .command = {line, line}, .event = {line, line}, .rest = {line, line}};
	struct perf_frame f;

	if (!perf_frame_begins(line, end) || (r->in_sample && r->had_tabs))
		return false;
	if (r->in_sample && r->single == NO_ID && !r->is_alone) {
		perf_script_add_frame(r, line, end);
		return true;
	}
	if (*line != '\t' && (!perf_frame_parse((struct piece){line, end}, &f) || !f.has_module))
		return false;
	end_sample(r);
	begin_sample(r, &none);
	r->is_alone = *line != '\t';
	perf_script_add_frame(r, line, end);
	return true;
}

/* A line that is neither blank nor a frame for sure. */
static void take_other(struct reader *r, const char *line, const char *end)
{
	struct perf_header h;
	struct perf_frame f;
	enum perf_line is = header_of(r, line, end, &h);
	bool is_comment = *line == '#';

	if (is == PERF_RECORD) {
		end_sample(r);
		perf_script_take_record(r, h.rest);
		return;
	}
	/* "# cmdline : ..." and the like have no event behind numbers. */
	if (is == PERF_SAMPLE && is_comment &&
	    (!h.has_ids || (piece_is_empty(h.event) && !(r->layout.ids && r->layout.time))))
		is = PERF_SAMPLE_MAYBE;
	if (is == PERF_SAMPLE) {
		take_header(r, &h, true, line, end);
		return;
	}
	/* Commands may look like addresses: "dd", "bc". */
	if (is == PERF_SAMPLE_MAYBE && h.has_ids && *line != '\t' && perf_frame_find(h.rest, &f) &&
	    f.has_module) {
		take_header(r, &h, false, line, end);
		return;
	}
	if (take_bare_frame(r, line, end))
		return;
	if (perf_script_take_note(r, line, end))
		return;
	/* Between the frames of a sample that began as most do, it is nothing. */
	if (is == PERF_SAMPLE_MAYBE && !(r->had_sure && r->in_sample && (r->n || r->has_last)))
		take_header(r, &h, false, line, end);
	else if (!is_comment)
		perf_script_skip(r, "not what 'perf script' prints", line, end);
}

static void perf_script_read_line(struct reader *r, const char *line, const char *end)
{
	bool is_blank = piece_is_empty(word_first((struct piece){line, end}));
	bool is_frame = !is_blank && *line == '\t' && perf_frame_begins(line, end);

	if (is_frame || (is_blank && r->had_maybe))
		take_maybe(r);
	else
		drop_maybe(r);
	if (is_blank) {
		end_sample(r);
	} else if (is_frame && r->in_sample) {
		perf_script_add_frame(r, line, end);
	} else if (end - line > MAX_LINE) {
		perf_script_skip(r, "longer than 1 MiB", line, end);
	} else {
		r->in_record = r->in_record && *line == '\t';
		take_other(r, line, end);
	}
}

int perf_script_read(struct lines *lines, struct profile *p, struct err *err)
{
	auto_free struct reader *r = mem_alloc(sizeof(*r));
	const char *line;
	size_t n;

	r->p = r->mappings.p = r->intake.p = p;
	r->lines = lines;
	r->inner = r->single = NO_ID;
	r->layout = perf_layout_find(lines->at, (size_t)(lines->end - lines->at));
	while (!r->full && lines_next(lines, &line, &n))
		perf_script_read_line(r, line, line + n);
	drop_maybe(r);
	end_sample(r);
	r->full = !intake_finish(&r->intake) || r->full;
	named_mappings_release(&r->mappings);
	map64_release(&r->shown);
	str_release(&r->maybe);
	if (lines->error)
		return err_set(err, lines->error, "cannot read it");
	if (r->full)
		return err_set(err, 0, INTAKE_FULL);
	return p->n_samples ? 0 : err_set(err, 0, "there are no samples in it");
}
