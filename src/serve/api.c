/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/: what the page and scripts ask for, as JSON. cprof-serve(1) says every field. */
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "format/threads.h"
#include "serve/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.html.h"

static void reply_json(struct request *r, json_t *object)
{
	struct str body = {0};

	json_object_set_new(object, "version", json_integer(1));
	json_print(object, &body);
	reply(r, MHD_HTTP_OK, "application/json", &body);
}

void api_index(struct request *r)
{
	static const struct {
		const char *path, *what;
	} routes[] = {
#define ROUTE(path, handler, what) {path, what},
#include "serve/routes.def"
#undef ROUTE
	};
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		json_t *row = json_object();

		json_object_set_new(row, "path", json_string(routes[i].path));
		json_object_set_new(row, "what", json_string(routes[i].what));
		json_array_append_new(list, row);
	}
	json_object_set_new(object, "routes", list);
	reply_json(r, object);
}

void api_status(struct request *r)
{
	const struct history_status *s;
	json_t *object;

	s = r->history->status(r->history);
	object = account_json(&s->account);
	json_object_set_new(object, "title", json_text(r->history->title));
	json_object_set_new(object, "rate_hz", json_integer((json_int_t)s->rate_hz));
	json_object_set_new(object, "history_s", json_real((double)s->history_ns / 1e9));
	reply_json(r, object);
}

/* -- processes -- */

struct process {
	int64_t pid, value;
	const char *name;
};

static int by_value(const void *x, const void *y)
{
	const struct process *a = x, *b = y;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static size_t sum_processes(const struct profile *p, struct process *ret)
{
	const string_id pid_key = strings_find(&p->strings, "pid"),
			name_key = strings_find(&p->strings, "process");
	struct map64 places auto_release(map64_release) = {0};
	size_t n = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct label *pid = profile_label(p, p->samples[i].labels, pid_key);
		const struct label *name = profile_label(p, p->samples[i].labels, name_key);
		uint64_t at;

		if (!pid)
			continue;
		if (!map64_find(&places, (uint64_t)pid->number, &at)) {
			map64_set(&places, (uint64_t)pid->number, at = n);
			ret[n++] = (struct process){.pid = pid->number, .name = ""};
		}
		if (name)
			ret[at].name = profile_text(p, name->text);
		ret[at].value += p->values[i * p->n_types + p->default_type];
	}
	qsort(ret, n, sizeof(*ret), by_value);
	return n;
}

static json_t *processes_json(const struct profile *p)
{
	auto_free struct process *all = mem_array(p->n_samples + 1, sizeof(*all));
	size_t n = sum_processes(p, all);
	json_t *object = json_object(), *list = json_array(), *events = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();

		json_object_set_new(row, "pid", json_integer(all[i].pid));
		json_object_set_new(row, "process", json_text(all[i].name));
		json_object_set_new(row, "value", json_integer(all[i].value));
		json_array_append_new(list, row);
	}
	for (size_t i = 0; i < p->n_types; i++)
		json_array_append_new(events, json_text(profile_text(p, p->types[i].type)));
	json_object_set_new(object, "duration_s", json_real((double)p->duration_ns / 1e9));
	json_object_set_new(object, "unit",
			    json_text(profile_text(p, p->types[p->default_type].unit)));
	json_object_set_new(object, "events", events);
	json_object_set_new(object, "processes", list);
	return object;
}

void api_processes(struct request *r)
{
	struct history_window w;
	struct history_mark now;
	struct err err = {0};
	struct profile p;
	uint64_t wait_ns;

	if (!request_parameter(r, "from") && !request_parameter(r, "to"))
		MHD_set_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "from", "-60s");
	if (!request_window(r, &w, &wait_ns))
		return;
	profile_init(&p);
	if (r->history->mark(r->history, &now, &err) ||
	    r->history->window(r->history, &w, &p, &err))
		reply_failure(r, &err);
	else
		reply_json(r, processes_json(&p));
	profile_release(&p);
}

void api_threads(struct request *r)
{
	const char *pid = request_parameter(r, "pid");
	struct str body = {0};
	struct err err = {0};
	struct profile p;
	uint64_t number = 0;

	if (!pid || !parse_u64(pid, INT32_MAX, &number)) {
		reply_error(r, MHD_HTTP_BAD_REQUEST, "pid= is missing or no number of a process");
		return;
	}
	profile_init(&p);
	if (r->history->threads(r->history, (pid_t)number, &p, &err)) {
		reply_failure(r, &err);
	} else {
		threads_json(&p, &(struct threads_options){0}, &body);
		reply(r, MHD_HTTP_OK, "application/json", &body);
	}
	profile_release(&p);
}

/* -- the page -- */

void index_page(struct request *r)
{
	struct str body = {0};

	str_add(&body, index_html, sizeof(index_html));
	reply(r, MHD_HTTP_OK, "text/html; charset=utf-8", &body);
	reply_header(r, "Content-Security-Policy",
		     "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
		     "img-src data: blob:; connect-src 'self'; frame-src blob:; base-uri 'none'; "
		     "form-action 'none'; frame-ancestors 'none'");
}
