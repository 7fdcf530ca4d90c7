/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of single addresses, apart from any recording. */
#pragma once

#include "base/str.h"
#include "maps/images.h"
#include "symbolize/symbolize.h"

/* Appends "0xADDRESS name" lines for those of a process's addresses (pid 0: of the kernel's) that
 * have a name. `kernel` is asked for the kernel's. */
void addresses_name(const struct symbolize_options *names, const struct image *kernel, pid_t pid,
		    const uint64_t *addresses, size_t n, struct str *ret);
