/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies parts of a profile into another: stacks with their frames and mappings, labels.
 *
 * Owner: profile_copy_free(); `from` must not grow frames or stacks meanwhile.
 */
#pragma once

#include "profile/profile.h"

struct profile_copy;

struct profile_copy *profile_copy_new(const struct profile *from, struct profile *to);
void profile_copy_free(struct profile_copy *c);

/* From now on without the addresses of kernel code, which tell where the kernel lies. */
void profile_copy_hide_kernel(struct profile_copy *c);

stack_id profile_copy_stack(struct profile_copy *c, stack_id stack);
/* Writes the labels of a set, as labels of `to`, at most `max`. Returns how many. */
size_t profile_copy_labels(struct profile_copy *c, labels_id labels, struct label *ret, size_t max);
