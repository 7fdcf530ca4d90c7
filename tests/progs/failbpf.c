/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to preload: a kernel without BPF. FAIL_BPF=ENOSYS or EPERM is what bpf() then says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

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
	if (number == SYS_bpf && fails) {
		errno = strcmp(fails, "EPERM") == 0 ? EPERM : ENOSYS;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
