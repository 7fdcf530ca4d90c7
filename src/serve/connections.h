/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections on which nothing is asked: how long, and how many.
 *
 * Shape: one that has not sent the whole head of a request (or of its next one) for HEAD_S is
 *        closed, however it dribbles; when there are too many such, of one address or at all, the
 *        oldest are, after GRACE_MS: a client that means to ask has asked by then.
 * Owner: libmicrohttpd's, between connection_begin() and connection_end().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { HEAD_S = 10, GRACE_MS = 400, MAX_SILENT = 384, MAX_SILENT_OF_ADDRESS = 256 };

struct connection;

struct connections {
	struct connection *first, *last; /* in the order in which they fell silent */
	size_t n_silent;
};

/* A new one, by its descriptor. */
struct connection *connection_begin(struct connections *all, int fd, const struct sockaddr *from);
void connection_end(struct connections *all, struct connection *c);
/* It has asked; it is answered. */
void connection_asks(struct connections *all, struct connection *c);
void connection_rests(struct connections *all, struct connection *c);
/* Closes those that have been silent for too long. */
void connections_look(struct connections *all);
/* Is that to be done again soon? */
bool connections_are_many(const struct connections *all);
