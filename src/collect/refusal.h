/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the kernel does not load BPF programs, told apart: each reason has words and a cure of its
 * own.
 *
 * Shape: one row of refusals.def each.
 * Source: kernel/bpf/{syscall,verifier}.c, security/lockdown/, and what kernels from 5.10 to 7.3
 *         answered (tests/kernels/).
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

enum refusal {
	REFUSAL_none,
#define REFUSAL(id) REFUSAL_##id,
#include "collect/refusals.def"
#undef REFUSAL
	N_REFUSALS
};

/* Fills `err` with why loading failed with `code`, a negative errno, and returns that. `log` is
 * what the verifier wrote, or "". */
enum refusal refusal_explain(int code, const char *log, struct err *err);

/*
 * Where the verifier writes while an object is loaded: given to libbpf as kernel_log_buf, so that
 * what it says of the program that it refused is kept whole.
 * Owner: refusal_log_release().
 */
struct refusal_log {
	char *text;
	size_t bytes; /* of room: untouched pages of it cost nothing */
};

void refusal_log_init(struct refusal_log *log);
void refusal_log_release(struct refusal_log *log);
/* What was written, "" for nothing. */
const char *refusal_log_text(const struct refusal_log *log);
/* With -v: everything the verifier said, line by line. Empties the log. */
void refusal_log_say(struct refusal_log *log);
