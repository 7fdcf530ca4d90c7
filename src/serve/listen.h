/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that a server listens on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { DEFAULT_PORT = 6061 };

/* Listens on "127.0.0.1:6061", "[::1]:6061", "host" or ":6061"; `address` gets where it is really.
 * Unless `open`, an address that is not the loopback's is refused. Returns a descriptor, or an
 * error.
 */
int listen_open(const char *text, bool open, char *address, size_t size, struct err *err);
