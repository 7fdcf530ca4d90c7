/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that help the one that signals are for. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread that takes no signals: Ctrl-C is for the thread that waits for it. False: there
 * is none to be had. */
bool thread_start(pthread_t *ret, void *(*run)(void *), void *ctx);
