/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits and what lifts them. */
#include "base/limits.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Is there one? */
static bool limit_of(__rlimit_resource_t resource, unsigned long long *ret)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return false;
	*ret = limit.rlim_cur;
	return true;
}

bool limits_leave_no_memory(void)
{
	enum { BYTES = 512 << 20 }; /* more than anything that is taken at once */
	unsigned long long n;
	void *room;

	if (!limit_of(RLIMIT_AS, &n) && !limit_of(RLIMIT_DATA, &n))
		return false;
	room = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return true;
	munmap(room, BYTES);
	return false;
}

static void cure_memory(char *buf, size_t size)
{
	enum { MIB = 1 << 20 };
	unsigned long long n;

	if (limit_of(RLIMIT_AS, &n))
		snprintf(buf, size,
			 "the address space is limited to %llu MiB: ulimit -v unlimited (systemd: "
			 "LimitAS=infinity)",
			 n / MIB);
	else if (limit_of(RLIMIT_DATA, &n))
		snprintf(buf, size,
			 "data is limited to %llu MiB: ulimit -d unlimited (systemd: "
			 "LimitDATA=infinity)",
			 n / MIB);
}

void limits_cure(int code, char *buf, size_t size)
{
	unsigned long long n;

	*buf = '\0';
	if (code == -EMFILE)
		snprintf(buf, size,
			 "let more files be open at once: ulimit -n 1024 (systemd: "
			 "LimitNOFILE=1024)");
	else if (code == -ENFILE)
		snprintf(buf, size,
			 "let the system open more files: sysctl fs.file-max=1000000, as root");
	else if (code == -ENOMEM && limits_leave_no_memory())
		cure_memory(buf, size);
	else if (code == -EFBIG && limit_of(RLIMIT_FSIZE, &n))
		snprintf(buf, size,
			 "files are limited to %llu KiB: ulimit -f unlimited (systemd: "
			 "LimitFSIZE=infinity)",
			 n / 1024);
}

size_t limits_files(void)
{
	unsigned long long n;

	return limit_of(RLIMIT_NOFILE, &n) && n < SIZE_MAX ? (size_t)n : SIZE_MAX;
}
