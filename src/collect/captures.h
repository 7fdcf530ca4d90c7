/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins captured samples: a record and the pieces of stack that came before it.
 *
 * Shape: the pieces of one capture come in order, those of different CPUs interleaved. What is
 * joined is a capture_record and `stack_bytes` of stack from capture_start() on; pages that are not
 *        `present` are zeroes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/records.h"

struct captures;

/* Address of the first byte of a capture's stack: the red zone's. */
uint64_t capture_start(const struct capture_record *record);

struct captures *captures_new(void);
void captures_free(struct captures *c);
void captures_piece(struct captures *c, const struct piece_record *piece);
/* The capture whole, for the caller to free; NULL when pieces of it were lost. */
struct capture_record *captures_join(struct captures *c, const struct capture_record *record,
				     size_t *ret_bytes);
