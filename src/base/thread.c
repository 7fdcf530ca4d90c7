/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that help the one that signals are for. */
#include "base/thread.h"

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
