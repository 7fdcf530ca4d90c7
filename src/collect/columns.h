/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which values of a profile the samples of an event become.
 *
 * Shape: rows of columns.def, as columns of the profile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/events.h"
#include "collect/journal.h"
#include "profile/profile.h"

enum column_from { COLUMN_SAMPLES, COLUMN_VALUE, COLUMN_ESTIMATED };

struct columns {
	struct {
		uint32_t at; /* in the profile */
		enum column_from from;
	} all[4];
	size_t n;
};

/* Adds the columns of an event, the `index`-th of the recording, to the profile; of the first one
 * also the default type and the period. `frequency_hz` is 0 where every `period` is sampled. */
void columns_add(struct columns *c, struct profile *p, const struct event *e, size_t index,
		 uint64_t frequency_hz, uint64_t period);
/* Writes what an entry is worth to a sample's values, which are zeroes. */
void columns_fill(const struct columns *c, const struct journal_entry *e, int64_t *ret);
/* The column that is a time; NO_ID: none is. */
uint32_t columns_time(const struct columns *c, const struct profile *p);
/* Is a value made from the rate that was sampled at? */
bool columns_are_estimated(const struct columns *c);
