/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may ask: whoever has the token, or where none is asked for, whoever is on this machine.
 *
 * Owner: the token is the server's.
 */
#pragma once

#include <stdbool.h>

#include "serve/request.h"

struct access {
	char *token;  /* NULL: none is asked for */
	bool is_open; /* to every host, without a token */
};

/* Has it "Bearer TOKEN", or, for clients that can only give it in the address, a password? */
bool access_is_allowed(const struct access *a, const struct request *r);
/* A page of somebody else's that has its name resolved to us shall not read here. */
bool access_is_host_ours(const struct access *a, const struct request *r);
