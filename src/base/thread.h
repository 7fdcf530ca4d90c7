/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that help the one that signals are for.
 *
 * Threads: a helper takes no signals; Ctrl-C is for the thread that waits for it.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* False: there is none to be had. */
bool thread_start(pthread_t *ret, void *(*run)(void *), void *ctx);

enum { MAX_PARTS = 8 };

/* In how many parts `n` pieces of work are worth being split: by CPUs, and `least` in each. */
unsigned thread_parts(size_t n, size_t least);
/* Runs every part of 0 to `n` at once, and returns when all are done. */
void thread_split(unsigned parts, size_t n,
		  void (*run)(void *ctx, unsigned part, size_t from, size_t to), void *ctx);
