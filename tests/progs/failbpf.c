/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to preload: a kernel without BPF. FAIL_BPF=ENOSYS or EPERM is what bpf() then says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum { MAP_TYPE_ARENA = 33 };

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	const char *fails = getenv("FAIL_BPF");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf && fails && strcmp(fails, "arena") == 0) {
		const unsigned *map_type = (const unsigned *)a[1];

		if (a[0] == BPF_MAP_CREATE && *map_type == MAP_TYPE_ARENA) {
			errno = EINVAL;
			return -1;
		}
	} else if (number == SYS_bpf && fails) {
		errno = strcmp(fails, "EPERM") == 0 ? EPERM : ENOSYS;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
