/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we ourselves take. */
#pragma once

#include <stdint.h>

/* CPU seconds of this process and its broker so far, user and system. */
double self_cpu_s(void);
/* As many open files as we may have. */
void self_raise_file_limit(void);
/* Bytes of the kernel's memory that our BPF maps take. */
uint64_t self_map_bytes(void);
/* Bytes of memory that are resident, and of them (or NULL) those that others may share. 0: not
 * known. */
uint64_t self_resident_bytes(uint64_t *ret_shared);
