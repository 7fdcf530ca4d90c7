/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room in the store. */
#include "unwind/store.h"

#include "abi/unwind_table.h"
#include "base/mem.h"
#include "base/sort.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t round_up(uint32_t bytes)
{
	return (bytes + STORE_ALIGN - 1) & ~(STORE_ALIGN - 1u);
}

void store_init(struct store *s, char *memory, uint32_t bytes)
{
	*s = (struct store){.memory = memory, .bytes = bytes};
	array_reserve(s->free, s->cap_free, 1);
	s->free[s->n_free++] = (struct store_extent){TABLE_FIRST, bytes - TABLE_FIRST};
}

int store_init_own(struct store *s, uint32_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		*s = (struct store){0};
		return -errno;
	}
	store_init(s, memory, bytes);
	s->is_own = true;
	return 0;
}

void store_release(struct store *s)
{
	if (s->is_own)
		munmap(s->memory, s->bytes);
	free(s->free);
	free(s->waiting);
	*s = (struct store){0};
}

uint32_t store_put(struct store *s, const void *data, uint32_t bytes)
{
	uint32_t need = round_up(bytes);

	if (!need || bytes > s->bytes)
		return 0;
	for (size_t i = 0; i < s->n_free; i++) {
		uint32_t at = s->free[i].at;

		if (s->free[i].bytes < need)
			continue;
		s->free[i].at += need;
		s->free[i].bytes -= need;
		if (!s->free[i].bytes)
			memmove(&s->free[i], &s->free[i + 1], (--s->n_free - i) * sizeof(*s->free));
		memcpy(s->memory + at, data, bytes);
		return at;
	}
	return 0;
}

void store_free(struct store *s, uint32_t at, uint32_t bytes)
{
	array_reserve(s->waiting, s->cap_waiting, s->n_waiting + 1);
	s->waiting[s->n_waiting++] = (struct store_extent){at, round_up(bytes)};
}

static void give_back(struct store *s, struct store_extent e)
{
	size_t lo = count_before(s->n_free, i, s->free[i].at < e.at);

	if (lo < s->n_free && e.at + e.bytes == s->free[lo].at) {
		s->free[lo].at = e.at;
		s->free[lo].bytes += e.bytes;
	} else {
		array_reserve(s->free, s->cap_free, s->n_free + 1);
		memmove(&s->free[lo + 1], &s->free[lo], (s->n_free - lo) * sizeof(*s->free));
		s->free[lo] = e;
		s->n_free++;
	}
	if (lo && s->free[lo - 1].at + s->free[lo - 1].bytes == s->free[lo].at) {
		s->free[lo - 1].bytes += s->free[lo].bytes;
		memmove(&s->free[lo], &s->free[lo + 1], (--s->n_free - lo) * sizeof(*s->free));
	}
}

void store_settle(struct store *s)
{
	s->n_aged = s->n_waiting;
	store_age(s);
}

void store_age(struct store *s)
{
	for (size_t i = 0; i < s->n_aged; i++)
		give_back(s, s->waiting[i]);
	s->n_waiting -= s->n_aged;
	if (s->n_waiting)
		memmove(s->waiting, s->waiting + s->n_aged, s->n_waiting * sizeof(*s->waiting));
	s->n_aged = s->n_waiting;
}
