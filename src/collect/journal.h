/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples in the order in which they came in: what a window of time is cut out of.
 *
 * Shape: entries have numbers that only grow; the oldest make room for the newest. An entry refers
 *        to stacks and labels of the profile that the recording fills, not to its samples: it has
 *        none.
 * Units: a block is a second since the recording's start.
 * Owner: journal_free().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

enum { JOURNAL_MAX_RATE = (1 << 24) - 1 };

struct journal_entry {
	stack_id stack;
	labels_id labels;
	uint32_t block;
	uint32_t event : 8;
	uint32_t rate_hz : 24; /* that it was sampled at; 0: at none */
	uint64_t samples, value;
};

struct journal;

/* Of at most `most` entries. */
struct journal *journal_new(size_t most);
void journal_free(struct journal *j);
void journal_add(struct journal *j, const struct journal_entry *e);
/* The number of the oldest entry there is, and of the next one to come. */
uint64_t journal_first(const struct journal *j);
uint64_t journal_end(const struct journal *j);
/* `at` lies between the two. */
const struct journal_entry *journal_at(const struct journal *j, uint64_t at);
/* Forgets the entries before that number. */
void journal_forget(struct journal *j, uint64_t before);
size_t journal_bytes(const struct journal *j);
