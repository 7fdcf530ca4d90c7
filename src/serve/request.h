/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request, from its first header to its last byte.
 *
 * A handler answers with one of the reply functions, or makes the request wait for samples: then
 * `finish` answers it when they are there.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "format/format.h"
#include "profile/history.h"
#include "serve/trace_context.h"

enum { MAX_BODY_BYTES = 64 << 10, MAX_BODIES_BYTES = 4 << 20 };

struct maker;

/*
 * The text of an answer, which several requests may have.
 * Owner: body_unref(); replies take references of their own.
 */
struct body;
/* Takes the text. */
struct body *body_new(struct str *text);
void body_unref(struct body *body);

/* What the requests of a server have in common. */
struct requests {
	struct maker *maker;
	struct request *waiting;
	size_t n_waiting;
	struct request *later, **later_end; /* in the order of coming */
	uint64_t unread_bytes;              /* of answers, */
	uint64_t max_unread_bytes;
	uint64_t body_bytes; /* of what clients have posted */
};

struct request {
	struct requests *all;
	struct history *history;
	struct MHD_Connection *connection;
	char *method, *path;
	struct trace_context trace;
	char remote[64];
	uint64_t started_ns;
	struct str body;
	bool keeps_body;
	/* The answer. */
	struct MHD_Response *response;
	unsigned status;
	size_t bytes;
	/* Of one that waits. */
	bool waits, is_suspended, is_gone;
	bool is_made; /* its answer is, by serve/maker */
	struct request *next_made;
	uint64_t late_ns; /* when it is answered that was refused; 0: at once */
	bool is_marked;   /* `from` is set */
	struct history_mark from;
	uint64_t wait_ns;
	void (*at_mark)(struct request *r); /* NULL, or: a mark of its is about to be set */
	void (*finish)(struct request *r, const struct history_mark *to);
	/* Of one that is answered later, when there is time. */
	bool is_later;
	struct history_window window;
	void (*run)(struct request *r);
	/* What it is about. */
	pid_t pid;         /* 0: the whole machine */
	const char *kind;  /* the profile's name */
	const char *event; /* whose samples; NULL: all */
	const char *value; /* the type that is shown; NULL: the default */
	const struct format *format;
	int64_t cpu_ns, cpu_end_ns; /* that the process had used at the marks; -1: not known */
	struct request *next;
};

/* A parameter of the query; NULL: not given. "" where it has no value. */
const char *request_parameter(const struct request *r, const char *name);
/* The first parameter's name: of a query that is no list of names and values, all of it. */
const char *request_query(const struct request *r);
/* A header, or NULL. */
const char *request_header(const struct request *r, const char *name);

/* Consumes the text of `body`. */
void reply(struct request *r, unsigned status, const char *type, struct str *body);
/* The media type of a format. */
const char *content_type(const struct format *f);
/* A profile in a format, as a file where it is one. */
void reply_with_profile(struct request *r, const struct format *f, struct body *body);
/* As Go's server says what went wrong: plain text that its clients show. */
void reply_error(struct request *r, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of what the profiler could not do; of a process that is gone, 404. */
void reply_failure(struct request *r, const struct err *err);
/* After a reply. */
void reply_header(struct request *r, const char *name, const char *value);

/* Makes the request wait for samples of that time; then `finish` is to answer it. */
void request_wait(struct request *r, uint64_t ns,
		  void (*finish)(struct request *r, const struct history_mark *to));

/* Answers it by `run`, which takes a while, after others that take none. */
void request_later(struct request *r, void (*run)(struct request *r));

/* It waits no more: it is answered, or its client is gone. */
void request_stop_waiting(struct request *r);

/* The handlers. */
typedef void handler(struct request *r);
handler index_page, api_index, api_status, api_processes, api_threads, view_page, metrics;
/* Everything below /debug/pprof/: `rest` is what comes behind it. */
void pprof_request(struct request *r, const char *rest);
/* Time windows: from= and to=, or seconds=; of a state without any, this moment. Replies and
 * returns false when they make no sense. `ret->by_time` tells which. */
bool request_window(struct request *r, struct history_window *ret, uint64_t *ret_wait_ns);
