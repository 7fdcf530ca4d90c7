/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /debug/pprof/ of any process, as Go's net/http/pprof serves it.
 *
 * Source: net/http/pprof of Go, and the client, github.com/google/pprof.
 */
#include "analysis/hints.h"
#include "base/clock.h"
#include "base/broker.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/threads.h"
#include "profile/copy.h"
#include "serve/maker.h"
#include "serve/request.h"

#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

enum {
	MAX_CMDLINE_BYTES = 1 << 20,
	MAX_SYMBOLS = 1000,
	BEGIN_FRAMES = 3, /* of a thread: clone3, start_thread, and what it was to run */
};

static const char plain[] = "text/plain; charset=utf-8";

static handler cmdline, goroutine, window, symbol, threadcreate;

static const struct {
	const char *name;
	handler *run;
	const char *event, *value, *what;
} profiles[] = {
#define PROFILE(name, handler, event, value, what) {name, handler, event, value, what},
#include "serve/pprof.def"
#undef PROFILE
};

/* -- profiles as files -- */

/* Has the answer made: a profile in the format that was asked for. What is in `p` is taken. */
static void reply_profile(struct request *r, const char *key, struct profile *p)
{
	struct write_options o = {.view.value = request_parameter(r, "event"),
				  .view.by = r->pid ? BY_NONE : BY_PROCESS};
	const struct format *f = r->format ? r->format : format_at(0);
	auto_free char *title =
		r->pid ? mem_printf("process %d, %.3g s", r->pid, (double)p->duration_ns / 1e9)
		       : mem_printf("the whole machine, %.3g s", (double)p->duration_ns / 1e9);

	o.title = title;
	maker_make(r->all->maker, r, key, p, f, &o);
}

/* -- windows -- */

/* Nanoseconds of CPU that the process has used, its ended threads included; -1: not known. */
static int64_t process_cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (!pid || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
		return -1;
	return used.tv_sec * 1000000000ll + used.tv_nsec;
}

static void add_trace(const struct request *r, struct profile *p)
{
	auto_free char *text =
		mem_printf("served by cprof %s; trace %s", CPROF_VERSION, r->trace.trace_id);

	profile_add_comment(p, text);
}

static void pprof_add_comments(const struct request *r, struct profile *p,
			       const struct history_window *w)
{
	struct str text auto_release(str_release) = {0};
	int64_t used = r->cpu_ns < 0 || w->by_time ? -1 : r->cpu_end_ns;

	profile_add_account(p);
	if (used >= 0) {
		str_printf(&text, "the process's clock says %.3f s of CPU in these %.3f s",
			   (double)(used - r->cpu_ns) / 1e9, (double)p->duration_ns / 1e9);
		profile_add_comment(p, text.text);
	}
	hints_add(p);
	add_trace(r, p);
}

/* What tells answers apart. Whoever sent a trace's id has it in the answer, which is for nobody
 * else.
 */
static char *key_of(const struct request *r, const struct history_window *w)
{
	const char *value = request_parameter(r, "event");
	uint64_t from = w->by_time ? w->from.time_ns / NS_PER_S : w->from.entry;
	uint64_t to = w->by_time ? w->to.time_ns / NS_PER_S : w->to.entry;

	return mem_printf("%d %s %s %s %s %d %llu %llu %s", r->pid, r->kind,
			  r->event ? r->event : "", value ? value : "",
			  r->format ? r->format->name : "", w->by_time, (unsigned long long)from,
			  (unsigned long long)to, *r->trace.parent_id ? r->trace.span_id : "");
}

static void reply_window(struct request *r, const struct history_window *w)
{
	auto_free char *key = key_of(r, w);
	struct err err = {0};
	struct profile p;

	if (maker_join(r->all->maker, r, key))
		return;
	profile_init(&p);
	if (r->history->window(r->history, w, &p, &err)) {
		reply_failure(r, &err);
	} else {
		pprof_add_comments(r, &p, w);
		if (r->value)
			value_show(&p, r->value);
		reply_profile(r, key, &p);
	}
	profile_release(&p);
}

static void read_clock(struct request *r)
{
	if (r->is_marked)
		r->cpu_end_ns = process_cpu_ns(r->pid);
	else
		r->cpu_ns = process_cpu_ns(r->pid);
}

static void finish_window(struct request *r, const struct history_mark *to)
{
	const struct history_window w = {.pid = r->pid,
					 .from = r->from,
					 .to = *to,
					 .event = r->event,
					 .trace_id = r->trace.trace_id};

	reply_window(r, &w);
}

/* What was: all that is counted until now belongs to it. */
static void reply_past(struct request *r)
{
	struct history_mark now;
	struct err err = {0};

	if (r->history->mark(r->history, &now, &err))
		reply_failure(r, &err);
	else
		reply_window(r, &r->window);
}

static void window(struct request *r)
{
	const char *name = request_parameter(r, "format");
	struct history_window w;
	struct err err = {0};
	uint64_t wait_ns;

	if (!r->history->has(r->history, r->event)) {
		reply_error(r, MHD_HTTP_NOT_FOUND,
			    "Unknown profile: cprof makes no %s profile of a running process yet",
			    r->kind);
		return;
	}
	if (name) {
		r->format = format_find(name, &err);
		if (!r->format || !r->format->write) {
			reply_error(r, MHD_HTTP_BAD_REQUEST, "format=%.40s: no such format", name);
			return;
		}
	}
	if (!request_window(r, &w, &wait_ns))
		return;
	if (str_equal(r->method, MHD_HTTP_METHOD_HEAD)) {
		struct str none = {0};

		reply(r, MHD_HTTP_OK, content_type(r->format ? r->format : format_at(0)), &none);
		return;
	}
	if (!w.by_time) {
		r->at_mark = read_clock;
		request_wait(r, wait_ns, finish_window);
		return;
	}
	r->window = w;
	request_later(r, reply_past);
}

void view_page(struct request *r)
{
	const char *pid = request_parameter(r, "pid");
	struct err err = {0};
	uint64_t number = 0;

	if (pid && *pid && !parse_u64(pid, INT32_MAX, &number)) {
		reply_error(r, MHD_HTTP_BAD_REQUEST, "pid=%.40s is no number of a process", pid);
		return;
	}
	r->pid = (pid_t)number;
	r->kind = "profile";
	r->format = format_find("html", &err);
	window(r);
}

/* -- threads -- */

static bool take_threads(struct request *r, struct profile *p)
{
	struct err err = {0};

	if (request_parameter(r, "seconds")) {
		reply_error(r, MHD_HTTP_BAD_REQUEST,
			    "\"seconds\" parameter is not supported for this profile type");
		return false;
	}
	if (r->history->threads(r->history, r->pid, p, &err)) {
		reply_failure(r, &err);
		return false;
	}
	return true;
}

static void reply_threads(struct request *r, struct profile *p)
{
	const char *debug = request_parameter(r, "debug");
	int level = debug ? atoi(debug) : 0;
	struct str body = {0};

	if (level <= 0) {
		add_trace(r, p);
		reply_profile(r, r->trace.span_id, p);
		return;
	}
	if (level >= 2)
		threads_dumped(p, &body);
	else
		threads_counted(p, r->kind, &body);
	reply(r, MHD_HTTP_OK, plain, &body);
}

static void goroutine(struct request *r)
{
	struct profile p;

	profile_init(&p);
	if (take_threads(r, &p))
		reply_threads(r, &p);
	profile_release(&p);
}

/* The outermost frames of a stack, as they lie in it: they are those nearest to the root. */
static stack_id beginning(const struct profile *p, stack_id stack)
{
	stack_id last[BEGIN_FRAMES];
	size_t n = 0;

	for (; stack != NO_ID; stack = stacks_parent(&p->stacks, stack))
		last[n++ % BEGIN_FRAMES] = stack;
	return n ? last[n < BEGIN_FRAMES ? 0 : n % BEGIN_FRAMES] : NO_ID;
}

static void threadcreate(struct request *r)
{
	struct profile all, p;
	struct profile_copy *copy;
	const int64_t one = 1;

	profile_init(&all);
	profile_init(&p);
	if (take_threads(r, &all)) {
		copy = profile_copy_new(&all, &p);
		value_add(&p, "threadcreate");
		p.period_type = p.types[0];
		p.period = 1;
		p.time_ns = all.time_ns;
		for (size_t i = 0; i < all.n_samples; i++) {
			struct label labels[12];
			size_t n = profile_copy_labels(copy, all.samples[i].labels, labels,
						       ARRAY_SIZE(labels));

			profile_add_sample(
				&p, profile_copy_stack(copy, beginning(&all, all.samples[i].stack)),
				profile_add_labels(&p, labels, n), &one);
		}
		profile_copy_free(copy);
		profile_add_comment(&p, "threads by the functions they began with: who made them "
					"is not recorded");
		reply_threads(r, &p);
	}
	profile_release(&all);
	profile_release(&p);
}

/* -- texts -- */

static void cmdline(struct request *r)
{
	char path[64];
	struct str body = {0};

	snprintf(path, sizeof(path), "/proc/%d/cmdline", r->pid ? r->pid : getpid());
	if (broker_read(r->pid ? r->pid : getpid(), path, MAX_CMDLINE_BYTES, &body)) {
		str_release(&body);
		reply_error(r, MHD_HTTP_NOT_FOUND, "cannot read the command line of process %d",
			    r->pid);
		return;
	}
	if (body.len && !body.text[body.len - 1])
		body.len--;
	reply(r, MHD_HTTP_OK, plain, &body);
}

/* "0xADDRESS+0xADDRESS", in the query or the body. */
static void symbol(struct request *r)
{
	bool posts = str_equal(r->method, MHD_HTTP_METHOD_POST);
	const char *at = posts ? (r->body.text ? r->body.text : "") : request_query(r);
	uint64_t addresses[MAX_SYMBOLS];
	struct str body = {0};
	size_t n = 0;

	str_puts(&body, "num_symbols: 1\n");
	while (n < MAX_SYMBOLS && *at) {
		char *end;

		addresses[n] = strtoull(at, &end, 0);
		if (end == at)
			break;
		n += addresses[n] != 0;
		/* A '+' of a query has become a blank. */
		at = end + (*end == '+' || *end == ' ');
	}
	r->history->names(r->history, r->pid, addresses, n, &body);
	reply(r, MHD_HTTP_OK, plain, &body);
}

/* -- the index -- */

static void index_of_profiles(struct request *r)
{
	struct str body = {0};

	str_puts(&body, "<html>\n<head>\n<title>/debug/pprof/</title>\n<style>\n.profile-name{ "
			"display:inline-block; width:6rem; }\n</style>\n"
			"</head>\n<body>\n");
	if (r->pid)
		str_printf(&body, "/debug/pprof/pid/%d/\n<br>\n", r->pid);
	else
		str_puts(&body,
			 "/debug/pprof/\n<br>\n<p>The whole machine; a process is at "
			 "<code>/debug/pprof/pid/PID/</code>; <a href=\"/\">choose one</a>.</p>\n");
	str_puts(&body, "<p>Set debug=1 as a query parameter to export in legacy text format</p>\n"
			"<br>\nTypes of profiles available:\n<table>\n"
			"<thead><td>Profile</td><td>What</td></thead>\n");
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		bool threads = profiles[i].run == goroutine || profiles[i].run == threadcreate;

		str_printf(&body, "<tr><td><a href=\"%s%s\">%s</a></td><td>%s</td></tr>\n",
			   profiles[i].name, threads ? "?debug=1" : "", profiles[i].name,
			   profiles[i].what);
	}
	str_puts(&body, "</table>\n<a href=\"goroutine?debug=2\">full goroutine stack dump</a>\n"
			"<br>\n</body>\n</html>\n");
	reply(r, MHD_HTTP_OK, "text/html; charset=utf-8", &body);
}

/* Takes "/pid/PID" off the front. False: it is damaged. */
static bool take_pid(struct request *r, const char **rest)
{
	const char *number, *end;
	auto_free char *text = NULL;
	uint64_t pid;

	if (!str_starts(*rest, "/pid/"))
		return true;
	number = *rest + 5;
	end = number + strcspn(number, "/");
	text = mem_printf("%.*s%s", (int)MIN(end - number, (ptrdiff_t)20), number,
			  end - number > 20 ? "..." : "");
	if (!parse_u64(text, INT32_MAX, &pid) || !pid) {
		reply_error(r, MHD_HTTP_NOT_FOUND, "'%s' is no number of a process", text);
		return false;
	}
	r->pid = (pid_t)pid;
	*rest = end;
	return true;
}

static bool process_is_there(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return access(path, F_OK) == 0;
}

void pprof_request(struct request *r, const char *rest)
{
	if (!take_pid(r, &rest))
		return;
	if (!*rest) { /* relative links need the slash */
		auto_free char *location = mem_printf("%s/", r->path);
		struct str none = {0};

		reply(r, MHD_HTTP_MOVED_PERMANENTLY, plain, &none);
		reply_header(r, "Location", location);
		return;
	}
	if (r->pid && !process_is_there(r->pid)) {
		reply_error(r, MHD_HTTP_NOT_FOUND, "no process with pid %d", r->pid);
		return;
	}
	rest++;
	if (!*rest) {
		index_of_profiles(r);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!str_equal(rest, profiles[i].name))
			continue;
		if (str_equal(r->method, MHD_HTTP_METHOD_POST) && profiles[i].run != symbol)
			break;
		r->kind = profiles[i].name;
		r->event = profiles[i].event;
		r->value = profiles[i].value;
		profiles[i].run(r);
		return;
	}
	reply_error(r, MHD_HTTP_NOT_FOUND, "Unknown profile");
}
