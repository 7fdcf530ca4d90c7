/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that help the one that signals are for. */
#include "base/thread.h"

#include "base/mem.h"

#include <signal.h>

bool thread_start(pthread_t *ret, void *(*run)(void *), void *ctx)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(ret, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code == 0;
}

unsigned thread_parts(size_t n, size_t least)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = MIN((size_t)MAX(cpus, 1), (size_t)MAX_PARTS);

	return (unsigned)MAX(MIN(n / least, most), (size_t)1);
}

struct part {
	void (*run)(void *ctx, unsigned part, size_t from, size_t to);
	void *ctx;
	unsigned part;
	size_t from, to;
	pthread_t thread;
	bool started;
};

static void *run_part(void *part)
{
	struct part *p = part;

	p->run(p->ctx, p->part, p->from, p->to);
	return NULL;
}

void thread_split(unsigned parts, size_t n,
		  void (*run)(void *ctx, unsigned part, size_t from, size_t to), void *ctx)
{
	struct part all[MAX_PARTS];

	for (unsigned i = parts; i-- > 0;) {
		all[i] = (struct part){run, ctx, i, n * i / parts, n * (i + 1) / parts, 0, false};
		all[i].started = i && thread_start(&all[i].thread, run_part, &all[i]);
		if (!all[i].started)
			run_part(&all[i]);
	}
	for (unsigned i = 1; i < parts; i++)
		if (all[i].started)
			pthread_join(all[i].thread, NULL);
}
