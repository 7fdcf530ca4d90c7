/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we ourselves take. */
#include "base/self.h"

#include "base/broker.h"
#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

double self_cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6 + broker_cpu_s();
}

void self_raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

uint64_t self_map_bytes(void)
{
	DIR *dir = opendir("/proc/self/fdinfo");
	struct dirent *e;
	uint64_t sum = 0;

	while (dir && (e = readdir(dir))) {
		struct str text auto_release(str_release) = {0};
		auto_free char *path = mem_printf("/proc/self/fdinfo/%s", e->d_name);
		const char *at;

		if (file_read(path, 1 << 16, &text) || !text.len)
			continue;
		at = strstr(text.text, "memlock:");
		sum += at && strstr(text.text, "map_type:") ? strtoull(at + 8, NULL, 10) : 0;
	}
	if (dir)
		closedir(dir);
	return sum;
}

uint64_t self_resident_bytes(uint64_t *ret_shared)
{
	struct str text auto_release(str_release) = {0};
	unsigned long long all, resident, shared;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (ret_shared)
		*ret_shared = 0;
	if (file_read("/proc/self/statm", 256, &text) || !text.len ||
	    sscanf(text.text, "%llu %llu %llu", &all, &resident, &shared) != 3)
		return 0;
	if (ret_shared)
		*ret_shared = shared * page;
	return resident * page;
}
