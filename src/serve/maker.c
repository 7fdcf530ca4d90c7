/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers made on a thread of their own. */
#include "serve/maker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

/* One answer, and who waits for it. */
struct making {
	struct making *next;
	char *key;
	struct profile p;
	const struct format *format;
	struct write_options o;
	char *title, *value; /* that `o` refers to */
	struct request *requests;
	struct str text;
	struct err err;
	int code;
	bool is_done;
	struct body *body; /* of one that is done */
	uint64_t done_ns;
};

struct maker {
	struct making *all; /* the oldest first */
	size_t n;
	int done_fd;
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, and of is_done */
	pthread_cond_t wake;
	bool stop;
};

static void make_one(struct making *a)
{
	a->code = format_append(a->format, &a->p, &a->o, &a->text, &a->err);
}

static struct making *next_undone(struct making *a)
{
	while (a && a->is_done)
		a = a->next;
	return a;
}

static void *make_all(void *maker)
{
	struct maker *m = maker;
	const uint64_t one = 1;

	pthread_mutex_lock(&m->lock);
	for (;;) {
		struct making *a = next_undone(m->all);

		if (m->stop)
			break;
		if (!a) {
			pthread_cond_wait(&m->wake, &m->lock);
			continue;
		}
		pthread_mutex_unlock(&m->lock);
		make_one(a);
		pthread_mutex_lock(&m->lock);
		a->is_done = true;
		if (write(m->done_fd, &one, sizeof(one)) < 0)
			continue; /* full: then it is readable anyway */
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

struct maker *maker_new(void)
{
	struct maker *m = mem_alloc(sizeof(*m));

	m->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->wake, NULL);
	return m;
}

static void making_free(struct making *a)
{
	profile_release(&a->p);
	body_unref(a->body);
	str_release(&a->text);
	free(a->key);
	free(a->title);
	free(a->value);
	free(a);
}

void maker_free(struct maker *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	if (m->started)
		pthread_join(m->thread, NULL);
	for (struct making *a = m->all, *next; a; a = next) {
		next = a->next;
		making_free(a);
	}
	close(m->done_fd);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

int maker_wait_fd(const struct maker *m)
{
	return m->done_fd;
}

static void answer_one(const struct making *a, struct request *r)
{
	if (a->code)
		reply_error(r, MHD_HTTP_BAD_REQUEST, "%s", a->err.what);
	else
		reply_with_profile(r, a->format, a->body);
}

bool maker_join(struct maker *m, struct request *r, const char *key)
{
	for (struct making *a = m->all; a; a = a->next) {
		if (!str_equal(a->key, key))
			continue;
		if (a->body || a->done_ns) {
			answer_one(a, r);
			return true;
		}
		r->is_made = true;
		r->next_made = a->requests;
		a->requests = r;
		return true;
	}
	return false;
}

void maker_make(struct maker *m, struct request *r, const char *key, struct profile *p,
		const struct format *format, const struct write_options *o)
{
	struct making *a = mem_alloc(sizeof(*a)), **end = &m->all;

	a->key = mem_strdup(key);
	a->p = *p;
	profile_init(p);
	a->format = format;
	a->o = *o;
	a->title = mem_strdup(o->title ? o->title : "");
	a->value = o->view.value ? mem_strdup(o->view.value) : NULL;
	a->o.title = a->title;
	a->o.view.value = a->value;
	if (m->n == MAX_MAKING) {
		make_one(a);
		a->body = a->code ? NULL : body_new(&a->text);
		answer_one(a, r);
		making_free(a);
		return;
	}
	a->requests = r;
	r->is_made = true;
	r->next_made = NULL;
	pthread_mutex_lock(&m->lock);
	while (*end)
		end = &(*end)->next;
	*end = a;
	m->n++;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	if (!m->started)
		m->started = thread_start(&m->thread, make_all, m);
	if (!m->started) { /* no more threads: then here */
		make_one(a);
		a->is_done = true;
	}
}

static void answer_those(struct making *a, bool is_over)
{
	for (struct request *r = a->requests, *next; r; r = next) {
		next = r->next_made;
		r->is_made = false;
		if (is_over)
			r->is_gone = true;
		else
			answer_one(a, r);
		request_stop_waiting(r);
	}
	a->requests = NULL;
}

void maker_take(struct maker *m)
{
	uint64_t now = monotonic_ns(), count;

	if (read(m->done_fd, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&m->lock);
	for (struct making **at = &m->all, *a; (a = *at);) {
		if (a->is_done && !a->done_ns) {
			a->done_ns = now;
			if (!a->code)
				a->body = body_new(&a->text);
			profile_release(&a->p);
			profile_init(&a->p);
			answer_those(a, false);
		}
		if (!a->done_ns || now - a->done_ns < KEPT_MS * 1000000ull) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		m->n--;
		making_free(a);
	}
	pthread_mutex_unlock(&m->lock);
}

void maker_give_back(struct maker *m)
{
	for (struct making *a = m->all; a; a = a->next)
		answer_those(a, true);
}
