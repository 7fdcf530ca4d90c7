/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that take long to make (a profile in one of the formats), made on a thread of their own:
 * meanwhile others are answered.
 *
 * Shape: an answer has a key; who asks for one that is being made, or was made within KEPT_MS, gets
 *        the same. A request that is taken is answered when maker_take() says so.
 * Bounds: MAX_MAKING at once; beyond, an answer is made before maker_make() returns.
 * Owner: maker_free(), after the requests were given back with maker_give_back().
 * Threads: all calls from the server's.
 */
#pragma once

#include <stdbool.h>

#include "serve/request.h"

enum { MAX_MAKING = 4, KEPT_MS = 1000 };

struct maker;

struct maker *maker_new(void);
void maker_free(struct maker *m);
/* Readable when maker_take() has something to do. */
int maker_wait_fd(const struct maker *m);

/* Joins those that wait for an answer of that key. False: there is none. */
bool maker_join(struct maker *m, struct request *r, const char *key);
/* Has the answer made; what is in `p` is taken. */
void maker_make(struct maker *m, struct request *r, const char *key, struct profile *p,
		const struct format *format, const struct write_options *o);
/* Answers the requests whose answers are made. */
void maker_take(struct maker *m);
/* Answers all that wait, as those of a server that ends. */
void maker_give_back(struct maker *m);
