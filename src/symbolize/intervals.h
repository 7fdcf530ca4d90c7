/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address ranges that may overlap, to find all that hold an address.
 *
 * Owner: intervals_release(). Searches come after intervals_sort().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
	uint64_t lo, hi;
	uint64_t reach; /* the highest `hi` up to here */
	uint32_t id;
};

struct intervals {
	struct interval *all;
	size_t n, cap;
};

void intervals_release(struct intervals *is);
void intervals_add(struct intervals *is, uint64_t lo, uint64_t hi, uint32_t id);
void intervals_sort(struct intervals *is);
/* Visits those that hold the address: `cursor` starts at SIZE_MAX. NULL at the end. */
const struct interval *intervals_next(const struct intervals *is, uint64_t address, size_t *cursor);
