/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of system calls. */
#include "proc/syscalls.h"

#include "base/mem.h"

static const char *const names[] = {
#include "syscall_names.h"
};

const char *syscall_name(int64_t number)
{
	return number >= 0 && number < (int64_t)ARRAY_SIZE(names) ? names[number] : NULL;
}
