/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files mapped for reading. */
#include "base/filemap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_MAPS = 16384 };

/* What is mapped, for the signal's handler: start 0 is a free slot. */
static struct {
	_Atomic uintptr_t start;
	_Atomic uintptr_t end;
} maps[MAX_MAPS];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction before;

static bool is_mapped(uintptr_t address)
{
	for (size_t i = 0; i < MAX_MAPS; i++) {
		uintptr_t start = atomic_load(&maps[i].start);

		if (start && address >= start && address < atomic_load(&maps[i].end))
			return true;
	}
	return false;
}

/* The page that the file no longer has becomes one of zeros, and the read goes on. */
static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)4095;
	int saved = errno;

	(void)signal, (void)context;
	if (info->si_code != BUS_ADRERR || !is_mapped(page) ||
	    mmap((void *)page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED)
		sigaction(SIGBUS, &before, NULL); /* not ours: the read fails again, for good */
	errno = saved;
}

static void install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGBUS, &action, &before);
}

static bool remember(uintptr_t start, uintptr_t end)
{
	for (size_t i = 0; i < MAX_MAPS; i++) {
		uintptr_t none = 0;

		/* Nobody reads the range before it is returned: its end may come a moment later. */
		if (!atomic_compare_exchange_strong(&maps[i].start, &none, start))
			continue;
		atomic_store(&maps[i].end, end);
		return true;
	}
	return false;
}

int file_map(int fd, struct file_map *ret)
{
	struct stat st;
	void *at;

	*ret = (struct file_map){0};
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size <= 0)
		return -ENODATA;
	pthread_once(&once, install);
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	if (!remember((uintptr_t)at, (uintptr_t)at + (((size_t)st.st_size + 4095) & ~4095ul))) {
		munmap(at, (size_t)st.st_size);
		return -ENFILE;
	}
	*ret = (struct file_map){at, (size_t)st.st_size};
	return 0;
}

void file_unmap(struct file_map *map)
{
	if (!map->bytes)
		return;
	for (size_t i = 0; i < MAX_MAPS; i++) {
		if (atomic_load(&maps[i].start) != (uintptr_t)map->bytes)
			continue;
		atomic_store(&maps[i].start, 0);
		atomic_store(&maps[i].end, 0);
		break;
	}
	munmap((void *)map->bytes, map->n);
	*map = (struct file_map){0};
}
