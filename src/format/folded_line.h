/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of folded stacks: its stack, a blank, its count.
 *
 * Source: flamegraph.pl, whose counts may have a fraction; ours may be negative too, and so large
 *         that Perl writes them with an exponent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOLDED_PARTS = 1000000000 }; /* of one, that a fraction is counted in */

/* A first line that says so: numbers in front of the counts belong to names. */
#define FOLDED_ONE_COUNT "# one count a line"

/* What may stand behind a name, as "_[k]"; and what is written behind a name that ends so and is
 * not annotated, so that it is read as it was. */
#define FOLDED_PLAIN       "u"
#define FOLDED_ANNOTATIONS "kji01wu"
/* Stands for an empty name. */
#define FOLDED_UNKNOWN "[unknown]"

struct folded_count {
	size_t stack_len; /* of what stands in front of the blank */
	int64_t whole;
	int64_t parts; /* of the fraction, with the sign of the number */
	bool plain;    /* digits alone */
	bool too_large;
};

/* The count at the end of a line; false: there is none, or no stack. */
bool folded_count_of(const char *line, size_t len, struct folded_count *ret);
/* Are there two counts at its end, as in the lines of difffolded.pl? The first is then `ret_first`.
 */
bool folded_has_two_counts(const char *line, const struct folded_count *last,
			   struct folded_count *ret_first);
