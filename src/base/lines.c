/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of text. */
#include "base/lines.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, MAX_LINE = 64 << 20 };

void lines_of_text(struct lines *l, const void *text, size_t len)
{
	*l = (struct lines){.at = text, .end = (const char *)text + len, .fd = -1};
}

void lines_of_fd(struct lines *l, int fd, const void *head, size_t len)
{
	*l = (struct lines){.fd = fd};
	array_reserve(l->buffer, l->cap, len + BLOCK);
	memcpy(l->buffer, head, len);
	l->at = l->buffer;
	l->end = l->buffer + len;
}

/* Reads on behind what is left. Returns false at the end of the file. */
static bool read_on(struct lines *l)
{
	size_t left = (size_t)(l->end - l->at);
	ssize_t n;

	if (l->fd < 0)
		return false;
	if (left > MAX_LINE) {
		l->error = -EFBIG;
		return false;
	}
	memmove(l->buffer, l->at, left);
	if (l->cap - left < BLOCK)
		array_reserve(l->buffer, l->cap, left + BLOCK);
	do
		n = read(l->fd, l->buffer + left, l->cap - left);
	while (n < 0 && errno == EINTR);
	l->at = l->buffer;
	l->end = l->buffer + left + (n > 0 ? n : 0);
	if (n < 0)
		l->error = -errno;
	if (n <= 0)
		l->fd = -1;
	return n > 0;
}

bool lines_next(struct lines *l, const char **ret_line, size_t *ret_len)
{
	const char *stop = NULL;
	size_t looked = 0, n;

	for (;;) {
		n = (size_t)(l->end - l->at);
		if (n > looked)
			stop = memchr(l->at + looked, '\n', n - looked);
		looked = n;
		if (stop || !read_on(l))
			break;
	}
	if (l->error || l->at == l->end)
		return false;
	n = (size_t)((stop ? stop : l->end) - l->at);
	*ret_line = l->at;
	*ret_len = n - (n && l->at[n - 1] == '\r');
	l->at = stop ? stop + 1 : l->end;
	l->is_cut = !stop;
	l->number++;
	return true;
}

void lines_release(struct lines *l)
{
	free(l->buffer);
	*l = (struct lines){.fd = -1};
}
