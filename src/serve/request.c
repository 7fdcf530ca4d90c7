/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request: what it asks, how it is answered, and that it may wait. */
#include "serve/request.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WAITING = 512 /* requests that wait for samples */ };

const char *request_parameter(const struct request *r, const char *name)
{
	const char *value = NULL;
	size_t n;

	if (MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &n) != MHD_YES)
		return NULL;
	return value ? value : "";
}

static enum MHD_Result take_first(void *ret, enum MHD_ValueKind kind, const char *key,
				  const char *value)
{
	(void)kind, (void)value;
	*(const char **)ret = key;
	return MHD_NO;
}

const char *request_query(const struct request *r)
{
	const char *first = "";

	MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, take_first, &first);
	return first;
}

const char *request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct body {
	char *text;
	size_t bytes;
	unsigned refs;
};

struct body *body_new(struct str *text)
{
	struct body *b = mem_alloc(sizeof(*b));

	*b = (struct body){steal(text->text), text->len, 1};
	*text = (struct str){0};
	return b;
}

void body_unref(struct body *b)
{
	if (!b || --b->refs)
		return;
	free(b->text);
	free(b);
}

/* An answer's bytes, counted until they are read. */
struct unread {
	struct requests *all;
	struct body *body;
};

static void unread_free(void *ctx)
{
	struct unread *u = ctx;

	u->all->unread_bytes -= u->body->bytes;
	body_unref(u->body);
	free(u);
}

/* Takes a reference of its own. */
static void set_response(struct request *r, unsigned status, const char *type, struct body *body)
{
	struct unread *u = mem_alloc(sizeof(*u));

	if (r->response)
		MHD_destroy_response(r->response);
	*u = (struct unread){r->all, body};
	body->refs++;
	r->all->unread_bytes += body->bytes;
	r->response = MHD_create_response_from_buffer_with_free_callback_cls(
		body->bytes, body->text ? body->text : "", unread_free, u);
	r->status = status;
	r->bytes = body->bytes;
	reply_header(r, "Content-Type", type);
	reply_header(r, "X-Content-Type-Options", "nosniff");
	reply_header(r, "Cache-Control", "no-store");
	/* No page of another site shows it, in a frame or as an image. */
	reply_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	reply_header(r, "X-Frame-Options", "DENY");
	reply_header(r, "Content-Security-Policy", "frame-ancestors 'none'");
}

void reply_header(struct request *r, const char *name, const char *value)
{
	MHD_add_response_header(r->response, name, value);
}

static void reply_body(struct request *r, unsigned status, const char *type, struct body *body)
{
	if (r->all->unread_bytes && r->all->unread_bytes + body->bytes > r->all->max_unread_bytes)
		reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE,
			    "too many answers are waiting to be read");
	else
		set_response(r, status, type, body);
}

void reply(struct request *r, unsigned status, const char *type, struct str *body)
{
	struct body *own = body_new(body);

	reply_body(r, status, type, own);
	body_unref(own);
}

const char *content_type(const struct format *f)
{
	if (str_equal(f->name, "html"))
		return "text/html; charset=utf-8";
	if (str_equal(f->name, "svg"))
		return "image/svg+xml";
	if (str_equal(f->name, "json") || str_equal(f->name, "speedscope"))
		return "application/json";
	return f->binary ? "application/octet-stream" : "text/plain; charset=utf-8";
}

void reply_with_profile(struct request *r, const struct format *f, struct body *body)
{
	auto_free char *disposition = mem_printf("attachment; filename=\"%s\"", r->kind);

	reply_body(r, MHD_HTTP_OK, content_type(f), body);
	if (str_equal(f->name, "html"))
		reply_header(r, "Content-Security-Policy",
			     "default-src 'none'; style-src 'unsafe-inline'; script-src "
			     "'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action "
			     "'none'; frame-ancestors 'none'");
	if (f == format_at(0) && r->status == MHD_HTTP_OK)
		reply_header(r, "Content-Disposition", disposition);
}

void reply_error(struct request *r, unsigned status, const char *fmt, ...)
{
	struct str body = {0};
	struct body *own;
	va_list ap;
	char text[512];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_plain(&body, text);
	str_putc(&body, '\n');
	own = body_new(&body);
	set_response(r, status, "text/plain; charset=utf-8", own);
	body_unref(own);
	reply_header(r, "X-Go-Pprof", "1");
}

void reply_failure(struct request *r, const struct err *err)
{
	unsigned status = MHD_HTTP_INTERNAL_SERVER_ERROR;

	if (err->code == -ESRCH)
		status = MHD_HTTP_NOT_FOUND;
	/* What is short now may be there again in a moment. */
	else if (err->code == -EMFILE || err->code == -ENFILE || err->code == -ENOMEM ||
		 err->code == -EAGAIN)
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	reply_error(r, status, "%s", err->what);
}

/* -- waiting for samples -- */

void request_wait(struct request *r, uint64_t ns,
		  void (*finish)(struct request *r, const struct history_mark *to))
{
	if (r->all->n_waiting == MAX_WAITING) {
		reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE,
			    "Could not enable CPU profiling: %d requests are being profiled for",
			    MAX_WAITING);
		return;
	}
	r->waits = true;
	r->wait_ns = ns;
	r->finish = finish;
	r->next = r->all->waiting;
	r->all->waiting = r;
	r->all->n_waiting++;
}

void request_later(struct request *r, void (*run)(struct request *r))
{
	struct requests *all = r->all;

	r->run = run;
	r->is_later = true;
	r->next = NULL;
	*(all->later ? all->later_end : &all->later) = r;
	all->later_end = &r->next;
}

void request_stop_waiting(struct request *r)
{
	struct request **at = &r->all->waiting;

	while (*at && *at != r)
		at = &(*at)->next;
	if (*at) {
		*at = r->next;
		r->all->n_waiting--;
	}
	r->waits = false;
	if (r->is_suspended && !r->is_made) {
		r->is_suspended = false;
		MHD_resume_connection(r->connection);
	}
}
