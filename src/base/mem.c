/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that cannot fail. */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void (*volatile exhausted)(void);

void mem_on_exhausted(void (*end)(void))
{
	exhausted = end;
}

void mem_exhausted(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	/* Another thread has found it, too, and ends the program. */
	while (atomic_flag_test_and_set(&said))
		pause();
	if (exhausted)
		exhausted();
	abort();
}

void *mem_check(void *p)
{
	if (!p)
		mem_exhausted();
	return p;
}

void *mem_alloc(size_t bytes)
{
	return mem_check(calloc(1, bytes ? bytes : 1));
}

void *mem_array(size_t count, size_t size)
{
	return mem_check(calloc(count ? count : 1, size));
}

void *mem_resize(void *old, size_t count, size_t size)
{
	return mem_check(reallocarray(old, count ? count : 1, size));
}

char *mem_strdup(const char *s)
{
	return mem_check(strdup(s));
}

void *mem_dup(const void *data, size_t bytes)
{
	void *copy = mem_alloc(bytes);

	if (bytes)
		memcpy(copy, data, bytes);
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_exhausted();
	return s;
}

/* Arrays that are large enough for it. */
#define HUGE_BYTES ((size_t)16 << 20)

/* Large arrays cost a page fault every 4 KiB otherwise, which is most of what filling them takes.
 * The whole mapping is told, with malloc's header: a part of one could not be moved by realloc().
 */
static void prefer_huge_pages(void *array, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)array & ~(page - 1);
	uintptr_t end = ((uintptr_t)array + malloc_usable_size(array)) & ~(page - 1);

	if (bytes >= HUGE_BYTES && end > start)
		madvise((void *)start, end - start, MADV_HUGEPAGE);
}

void *mem_grow(void *array, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap + *cap / 2;

	if (want < n)
		want = n;
	if (want < 16)
		want = 16;
	array = mem_resize(array, want, size);
	prefer_huge_pages(array, want * size);
	*cap = want;
	return array;
}
