/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the BPF object by the first way that the kernel takes (collect/ways.h).
 *
 * Owner: the object is the caller's, to be destroyed by cprof__destroy(), also after a refusal.
 */
#pragma once

#include "base/err.h"
#include "collect/kernel_options.h"
#include "collect/refusal.h"
#include "collect/ways.h"

struct cprof; /* the skeleton's */

/* Where the arena is mapped: offsets are the low 32 bits. Out of the sanitizers' way. */
#define STORE_ADDRESS 0x200000000000ull

struct kernel_loaded {
	struct cprof *object;
	const struct way *way;
	size_t store_bytes;
};

/* Returns why the kernel refused all ways; `err` is filled then. */
enum refusal kernel_load(const struct kernel_options *o, int n_cpus, struct kernel_loaded *ret,
			 struct err *err);
