/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTTP server: one thread, one history.
 *
 * Life: server_new() listens; then, as often as server_wait_fd() is readable or the time that
 *       server_run() returned has come, server_run(); server_free() ends all requests.
 * Owner: the history stays the caller's.
 * Errors: of requests go to the client and into the log; server_run() fails when the history does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "profile/history.h"

struct server_options {
	uint64_t unread_bytes;  /* of answers that clients have not read; 0: no bound */
	const char *listen;     /* "127.0.0.1:6061", "[::1]:6061", ":6061" */
	const char *token_file; /* NULL: none */
	bool insecure;          /* no token though others can connect */
};

struct server;

struct server *server_new(const struct server_options *o, struct history *history, struct err *err);
void server_free(struct server *s);
int server_wait_fd(const struct server *s);
/* Does what is due. Returns for how many milliseconds it can be left alone at most, or an error. */
int server_run(struct server *s, struct err *err);
/* Reads the token again. On an error the old one stays. */
int server_reload(struct server *s, struct err *err);
/* "127.0.0.1:6061": where it listens really. */
const char *server_address(const struct server *s);
