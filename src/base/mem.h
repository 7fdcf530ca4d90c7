/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that cannot fail, arrays that grow, and release bound to scope.
 *
 * Errors: out of memory ends the program, by what mem_on_exhausted() was given. Therefore whoever
 *         takes a size from a file, the kernel, a traced process or the network checks it against a
 *         limit first.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Ends the program when there is no more, from any thread: it may take no memory. */
void mem_on_exhausted(void (*end)(void));
void mem_exhausted(void) __attribute__((noreturn));
/* What a library returned in place of memory is NULL: there is no more. Returns `p`. */
void *mem_check(void *p);

void *mem_alloc(size_t bytes);              /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed */
void *mem_resize(void *old, size_t count, size_t size);
char *mem_strdup(const char *s);
void *mem_dup(const void *data, size_t bytes);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for `n` elements in `array` with its capacity in `cap`; grows by half. */
#define array_reserve(array, cap, n) ((array) = mem_reserve((array), &(cap), (n), sizeof(*(array))))
void *mem_grow(void *array, size_t *cap, size_t n, size_t size);
static inline void *mem_reserve(void *array, size_t *cap, size_t n, size_t size)
{
	return n <= *cap ? array : mem_grow(array, cap, n, size);
}

static inline void auto_free_(void *p)
{
	free(*(void **)p);
}
static inline void auto_close_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define auto_free        __attribute__((cleanup(auto_free_)))
#define auto_close       __attribute__((cleanup(auto_close_)))
#define auto_release(fn) __attribute__((cleanup(fn)))

/* Takes the value out of a variable bound to a scope. */
#define steal(pointer)                                                                             \
	({                                                                                         \
		__typeof__(pointer) p_ = (pointer);                                                \
		(pointer) = NULL;                                                                  \
		p_;                                                                                \
	})
#define steal_fd(fd)                                                                               \
	({                                                                                         \
		int fd_ = (fd);                                                                    \
		(fd) = -1;                                                                         \
		fd_;                                                                               \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
