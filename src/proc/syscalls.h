/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of system calls, as the machine that built cprof had them. */
#pragma once

#include <stdint.h>

/* "futex"; NULL when it has no name. */
const char *syscall_name(int64_t number);
