/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The account of a run: what was sampled, lost, complete and named, and what it cost.
 *
 * Everybody who knows a part adds it; live/session puts them together, and nobody else wipes it.
 * Shape: samples = counted in the profile; lost = those that are not, and those whose stack is
 *        not. Reasons are (text, count).
 * Units: user_stacks, frames and their parts are weighted by samples; seconds are wall or CPU.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

struct account_reason {
	char *text;
	uint64_t count;
};

struct account_reasons {
	struct account_reason *rows;
	size_t n, cap;
};

enum { ACCOUNT_REASON_BYTES = 384 };

/* The fields are the rows of account.def. */
struct account {
#define COUNT(field, when)       uint64_t field;
#define LEAST(field, when)       uint64_t field;
#define REASONS(field, when)     struct account_reasons field;
#define SECONDS(field, when)     double field;
#define SHARE(field, when)       double field;
#define FLAG(field, when)        bool field;
#define TEXT(field, bytes, when) char field[bytes];
#include "profile/account.def"
#undef COUNT
#undef LEAST
#undef REASONS
#undef SECONDS
#undef SHARE
#undef FLAG
#undef TEXT
};

void account_release(struct account *a);
/* Adds what another recording had; of its texts those that are set. */
void account_sum(struct account *to, const struct account *from);
/* Adds `count` to a reason; nothing when it is 0. */
void account_add(struct account_reasons *reasons, const char *text, uint64_t count);
/* Something of a file is passed over: so many lines or bytes, or (both 0) something else. The first
 * place of all that is skipped is kept, `where`. */
void account_skip(struct account *a, uint64_t lines, uint64_t bytes, const char *reason,
		  const char *where);
/* The same of one line, of which the beginning is shown. */
void account_skip_line(struct account *a, const char *reason, size_t number, const char *line,
		       size_t len);
/* "3 lines of FILE were skipped (2 no folded stack, 1 too deep); the first is line 17: 'text'". */
void account_skipped_line(const struct account *a, const char *file, struct str *out);
/* Sorts by count, largest first. */
void account_sort(struct account_reasons *reasons);

/* "29,970 samples of 41 processes in 30.0 s; 0 lost; ...", without a line end. */
void account_line(const struct account *a, struct str *out);
/* The same figures under the names of the contract. */
json_t *account_json(const struct account *a);
/* Those of a file that was read, where there are any: what was skipped and lost. */
json_t *account_read_json(const struct account *a);
