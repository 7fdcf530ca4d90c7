/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this process may do, and what narrows that.
 *
 * Source: capabilities(7), user_namespaces(7), seccomp(2), kernel_lockdown(7).
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* The command that gives a program what profiling takes. */
extern const char privileges_setcap[];

/* Appends those that profiling takes and that are lacking, "cap_perfmon, cap_bpf". True: none is.
 */
bool privileges_missing(struct str *out);
/* May it load BPF programs that sample, as far as capabilities say? */
bool privileges_have_bpf(void);
/* Are its capabilities those of a user namespace other than the first one, which the kernel does
 * not accept for BPF? */
bool privileges_are_of_namespace(void);
/* Is there a seccomp filter on its system calls? */
bool privileges_are_filtered(void);
/* Does the kernel keep its memory from everybody, root too? */
bool privileges_lockdown_is_confidential(void);
