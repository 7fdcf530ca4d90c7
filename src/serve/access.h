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
/* Was it a page of another site that made the browser ask? Such a page may lead to the first page
 * here, and to nothing that samples or tells. */
bool access_is_foreign_page(const struct request *r);
/* Cuts the line end off a token that was read from a file (NULL: nothing was). One that is none, or
 * has blanks in it, is refused; one that others can guess or read is warned of. */
int access_check_token(const char *path, char *token, struct err *err);
/* A page of somebody else's that has its name resolved to us shall not read here. */
bool access_is_host_ours(const struct access *a, const struct request *r);
