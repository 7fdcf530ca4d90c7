/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads as text, as JSON, and in the shapes of Go's goroutine profile. */
#include "format/threads.h"

#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

#define NS_PER_MINUTE INT64_C(60000000000)

/* Labels of a thread, found once. */
struct thread {
	stack_id stack;
	int64_t pid, tid, wait_ns;
	const char *process, *name, *state, *syscall, *wchan; /* "": none */
	size_t group;                                         /* its first thread, in the list */
};

struct threads {
	const struct profile *p;
	struct thread *all; /* groups together, the largest first */
	size_t n;
};

/* -- gathering -- */

static const char *text_of(const struct profile *p, const struct label *l)
{
	return l->text ? profile_text(p, l->text) : "";
}

static struct thread thread_of(const struct profile *p, size_t i)
{
	const struct label_set *set = &p->label_sets[p->samples[i].labels];
	struct thread t = {.stack = p->samples[i].stack,
			   .process = "",
			   .name = "",
			   .state = "",
			   .syscall = "",
			   .wchan = ""};

	for (uint32_t j = 0; j < set->n; j++) {
		const struct label *l = &p->labels[set->first + j];
		const char *key = profile_text(p, l->key);

		if (str_equal(key, "pid"))
			t.pid = l->number;
		else if (str_equal(key, "tid"))
			t.tid = l->number;
		else if (str_equal(key, "wait"))
			t.wait_ns = l->number;
		else if (str_equal(key, "process"))
			t.process = text_of(p, l);
		else if (str_equal(key, "thread"))
			t.name = text_of(p, l);
		else if (str_equal(key, "state"))
			t.state = text_of(p, l);
		else if (str_equal(key, "syscall"))
			t.syscall = text_of(p, l);
		else if (str_equal(key, "wchan"))
			t.wchan = text_of(p, l);
	}
	return t;
}

/* Equal stacks together; within them, and among equals, by number. */
static int by_stack(const void *x, const void *y)
{
	const struct thread *a = x, *b = y;

	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

/* `group` is the size of the group here. */
static int by_size(const void *x, const void *y)
{
	const struct thread *a = x, *b = y;

	if (a->group != b->group)
		return a->group > b->group ? -1 : 1;
	return by_stack(x, y);
}

static void gather(struct threads *t, const struct profile *p)
{
	*t = (struct threads){.p = p, .all = mem_array(p->n_samples, sizeof(*t->all))};
	for (size_t i = 0; i < p->n_samples; i++)
		t->all[t->n++] = thread_of(p, i);
	qsort(t->all, t->n, sizeof(*t->all), by_stack);
	for (size_t i = 0, end; i < t->n; i = end) {
		for (end = i; end < t->n && t->all[end].stack == t->all[i].stack;)
			end++;
		for (size_t j = i; j < end; j++)
			t->all[j].group = end - i;
	}
	qsort(t->all, t->n, sizeof(*t->all), by_size);
}

static size_t group_end(const struct threads *t, size_t i, bool each)
{
	size_t end = i + 1;

	while (!each && end < t->n && t->all[end].stack == t->all[i].stack)
		end++;
	return end;
}

size_t threads_groups(const struct profile *p)
{
	struct threads t;
	size_t n = 0;

	gather(&t, p);
	for (size_t i = 0; i < t.n; i = group_end(&t, i, false))
		n++;
	free(t.all);
	return n;
}

/* -- frames -- */

typedef void frame_visit(void *ctx, const struct frame *f);

/* What is inlined comes before what it is inlined in. */
static void visit_inner(const struct profile *p, frame_id id, frame_visit *visit, void *ctx)
{
	frame_id *chain;

	for (size_t n = profile_inlined(p, id, &chain); n--;)
		visit(ctx, &p->frames[chain[n]]);
	free(chain);
}

/* From the leaf to the root. */
static void visit_frames(const struct profile *p, stack_id stack, frame_visit *visit, void *ctx)
{
	for (; stack != NO_ID; stack = stacks_parent(&p->stacks, stack))
		visit_inner(p, stacks_item(&p->stacks, stack), visit, ctx);
}

static const char *mark_of(const struct frame *f)
{
	if (f->kind == FRAME_KERNEL)
		return "_[k]";
	if (f->inlined)
		return "_[i]";
	return f->kind == FRAME_JIT ? "_[j]" : "";
}

/* -- for people -- */

struct printing {
	const struct threads *t;
	const struct threads_options *o;
	struct str *out;
};

static void put_frame(void *ctx, const struct frame *f)
{
	const struct printing *w = ctx;
	const struct profile *p = w->t->p;
	struct str name auto_release(str_release) = {0};
	const char *module = profile_module(p, f), *file = profile_text(p, f->file);
	bool dim = w->o->colour && f->kind == FRAME_KERNEL;

	str_plain(&name, profile_text(p, f->function));
	str_puts(&name, w->o->no_annotations ? "" : mark_of(f));
	str_printf(w->out, "%s    %s", dim ? "\033[2m" : "", name.text);
	if (*file || (*module && f->kind == FRAME_USER))
		str_printf(w->out, "%*s  ", (int)MAX(44 - (int)name.len, 0), "");
	if (*module && f->kind == FRAME_USER)
		str_plain(w->out, module);
	if (*file) {
		str_puts(w->out, "  ");
		str_plain(w->out, file);
		if (f->line)
			str_printf(w->out, ":%u", f->line);
	}
	str_puts(w->out, dim ? "\033[m\n" : "\n");
}

/* "12", "12 ... 40 (9)" would hide numbers that are wanted: all, up to a limit. */
static void put_tids(const struct thread *all, size_t n, struct str *out)
{
	enum { MOST_TIDS = 16 };

	str_puts(out, n > 1 ? "  tids" : "  tid");
	for (size_t i = 0; i < n && i < MOST_TIDS; i++)
		str_printf(out, " %" PRId64, all[i].tid);
	if (n > MOST_TIDS)
		str_printf(out, " and %zu more", n - MOST_TIDS);
	str_putc(out, '\n');
}

static int by_texts(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The different texts of a group's threads, each with its number where there are several. */
static void put_texts(const char **texts, size_t n, const char *before, struct str *out)
{
	bool first = true;

	qsort(texts, n, sizeof(*texts), by_texts);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && str_equal(texts[end], texts[i]);)
			end++;
		if (!*texts[i])
			continue;
		str_puts(out, first ? before : ", ");
		str_plain(out, texts[i]);
		if (end - i < n)
			str_printf(out, " (%zu)", end - i);
		first = false;
	}
}

#define PUT_FIELD(all, n, field, before, out)                                                      \
	({                                                                                         \
		auto_free const char **texts_ = mem_array(n, sizeof(*texts_));                     \
                                                                                                   \
		for (size_t i_ = 0; i_ < (n); i_++)                                                \
			texts_[i_] = (all)[i_].field;                                              \
		put_texts(texts_, n, before, out);                                                 \
	})

static void put_waits(const struct thread *all, size_t n, struct str *out)
{
	int64_t least = INT64_MAX, most = 0;
	char a[32], b[32];

	for (size_t i = 0; i < n; i++) {
		least = MIN(least, all[i].wait_ns);
		most = MAX(most, all[i].wait_ns);
	}
	if (!most)
		return;
	format_ns(a, (double)least);
	format_ns(b, (double)most);
	str_printf(out, str_equal(a, b) ? " for %s" : " for %s to %s", a, b);
}

static void put_group(const struct printing *w, size_t i, size_t end)
{
	const struct thread *all = w->t->all + i;
	size_t n = end - i;

	if (w->o->colour)
		str_puts(w->out, "\033[1m");
	if (w->o->each)
		str_printf(w->out, "thread %" PRId64, all->tid);
	else
		str_printf(w->out, "%zu thread%s", n, n == 1 ? "" : "s");
	PUT_FIELD(all, n, name, " ", w->out);
	if (w->o->colour)
		str_puts(w->out, "\033[m");
	PUT_FIELD(all, n, state, ": ", w->out);
	put_waits(all, n, w->out);
	PUT_FIELD(all, n, syscall, " in ", w->out);
	PUT_FIELD(all, n, wchan, ", waiting in ", w->out);
	str_putc(w->out, '\n');
	if (!w->o->each)
		put_tids(all, n, w->out);
	visit_frames(w->t->p, all->stack, put_frame, (void *)w);
	str_putc(w->out, '\n');
}

void threads_text(const struct profile *p, const struct threads_options *o, struct str *out)
{
	struct threads t;
	struct printing w = {&t, o, out};

	gather(&t, p);
	for (size_t i = 0, end; i < t.n; i = end) {
		end = group_end(&t, i, o->each);
		put_group(&w, i, end);
	}
	if (out->len > 1) /* the last blank line */
		out->text[--out->len] = '\0';
	free(t.all);
}

/* -- JSON -- */

struct listing {
	const struct profile *p;
	json_t *frames;
};

static void threads_add_frame(void *ctx, const struct frame *f)
{
	static const char *const kinds[] = {[FRAME_USER] = "user",
					    [FRAME_KERNEL] = "kernel",
					    [FRAME_JIT] = "jit",
					    [FRAME_NOTE] = "note"};
	const struct listing *l = ctx;
	json_t *row = json_object();

	json_object_set_new(row, "function", json_text(profile_text(l->p, f->function)));
	json_object_set_new(row, "module", json_text(profile_module(l->p, f)));
	json_object_set_new(row, "kind", json_string(f->inlined ? "inlined" : kinds[f->kind & 3]));
	if (f->file)
		json_object_set_new(row, "file", json_text(profile_text(l->p, f->file)));
	if (f->line)
		json_object_set_new(row, "line", json_integer(f->line));
	json_array_append_new(l->frames, row);
}

static json_t *thread_json(const struct thread *t)
{
	json_t *row = json_object();

	json_object_set_new(row, "pid", json_integer(t->pid));
	json_object_set_new(row, "tid", json_integer(t->tid));
	json_object_set_new(row, "process", json_text(t->process));
	json_object_set_new(row, "thread", json_text(t->name));
	json_object_set_new(row, "state", json_text(t->state));
	json_object_set_new(row, "wait_s", json_real((double)t->wait_ns / 1e9));
	json_object_set_new(row, "syscall", *t->syscall ? json_text(t->syscall) : json_null());
	json_object_set_new(row, "wchan", *t->wchan ? json_text(t->wchan) : json_null());
	return row;
}

void threads_json(const struct profile *p, const struct threads_options *o, struct str *out)
{
	json_t *object = json_object(), *groups = json_array();
	struct threads t;

	gather(&t, p);
	for (size_t i = 0, end; i < t.n; i = end) {
		json_t *group = json_object(), *list = json_array();
		struct listing frames = {p, json_array()};

		end = group_end(&t, i, o->each);
		for (size_t j = i; j < end; j++)
			json_array_append_new(list, thread_json(&t.all[j]));
		visit_frames(p, t.all[i].stack, threads_add_frame, &frames);
		json_object_set_new(group, "count", json_integer((json_int_t)(end - i)));
		json_object_set_new(group, "threads", list);
		json_object_set_new(group, "stack", frames.frames);
		json_array_append_new(groups, group);
	}
	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(object, "threads", json_integer((json_int_t)t.n));
	json_object_set_new(object, "groups", groups);
	json_print(object, out);
	free(t.all);
}

/* -- as Go -- */

struct text_of_frames {
	const struct profile *p;
	struct str *out;
};

static void put_counted_frame(void *ctx, const struct frame *f)
{
	const struct text_of_frames *w = ctx;

	str_printf(w->out, "#\t0x%" PRIx64 "\t", f->address);
	str_plain(w->out, profile_text(w->p, f->function));
	str_putc(w->out, '\t');
	str_plain(w->out, f->file ? profile_text(w->p, f->file) : profile_module(w->p, f));
	if (f->line)
		str_printf(w->out, ":%u", f->line);
	str_putc(w->out, '\n');
}

static void put_addresses(const struct profile *p, stack_id stack, struct str *out)
{
	for (; stack != NO_ID; stack = stacks_parent(&p->stacks, stack))
		str_printf(out, " 0x%" PRIx64, p->frames[stacks_item(&p->stacks, stack)].address);
	str_putc(out, '\n');
}

void threads_counted(const struct profile *p, const char *name, struct str *out)
{
	const struct text_of_frames w = {p, out};
	struct threads t;

	gather(&t, p);
	str_printf(out, "%s profile: total %zu\n", name, t.n);
	for (size_t i = 0, end; i < t.n; i = end) {
		end = group_end(&t, i, false);
		str_printf(out, "%zu @", end - i);
		put_addresses(p, t.all[i].stack, out);
		visit_frames(p, t.all[i].stack, put_counted_frame, (void *)&w);
		str_putc(out, '\n');
	}
	free(t.all);
}

static void put_dumped_frame(void *ctx, const struct frame *f)
{
	const struct text_of_frames *w = ctx;

	str_plain(w->out, profile_text(w->p, f->function));
	str_puts(w->out, "(...)\n\t");
	str_plain(w->out, f->file ? profile_text(w->p, f->file) : profile_module(w->p, f));
	if (!f->file && !*profile_module(w->p, f))
		str_puts(w->out, "?");
	str_printf(w->out, ":%u +0x%" PRIx64 "\n", f->line, f->address);
}

void threads_dumped(const struct profile *p, struct str *out)
{
	const struct text_of_frames w = {p, out};
	struct threads t;

	gather(&t, p);
	qsort(t.all, t.n, sizeof(*t.all), by_stack);
	for (size_t i = 0; i < t.n; i++) {
		const struct thread *x = &t.all[i];

		str_printf(out, "goroutine %" PRId64 " [%s", x->tid,
			   *x->syscall ? x->syscall : x->state);
		if (x->wait_ns >= NS_PER_MINUTE)
			str_printf(out, ", %" PRId64 " minutes", x->wait_ns / NS_PER_MINUTE);
		str_puts(out, "]:\n");
		visit_frames(p, x->stack, put_dumped_frame, (void *)&w);
		str_putc(out, '\n');
	}
	free(t.all);
}
