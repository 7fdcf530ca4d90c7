/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip streams. */
#include "base/gzip.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <libdeflate.h>
#include <string.h>
#include <zlib.h>

enum {
	GZIP_WINDOW = 15 + 16,
	GROWTH = 64, /* at first; what says that it grows more may not be true */
};

bool gzip_is(const void *data, size_t len)
{
	return len >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

/* Appends the first member of `data`; says how long it was there. */
static int inflate_member(struct libdeflate_decompressor *d, const char *data, size_t len,
			  size_t max, struct str *out, size_t *ret_took)
{
	enum libdeflate_result result;
	size_t room, n = 0;
	uint32_t says; /* how long it is, modulo 4 GiB, where it is the last one */

	memcpy(&says, data + len - sizeof(says), sizeof(says));
	room = MIN(MIN(says, len * GROWTH), max);
	for (;;) {
		array_reserve(out->text, out->cap, out->len + room + 1);
		result = libdeflate_gzip_decompress_ex(d, data, len, out->text + out->len, room,
						       ret_took, &n);
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room == max)
			break;
		room = MIN(room * 2 + 65536, max);
	}
	if (result != LIBDEFLATE_SUCCESS)
		return result == LIBDEFLATE_INSUFFICIENT_SPACE ? -EFBIG : -EBADMSG;
	out->len += n;
	return 0;
}

int gzip_inflate(const void *data, size_t len, size_t max, struct str *out, size_t *ret_used)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t at = 0, took = 0, had = out->len;
	int code = d ? 0 : -ENOMEM;

	/* Members follow one another, and are one text (RFC 1952, 2.2). */
	do {
		if (!code && len - at < sizeof(uint32_t))
			code = -EBADMSG;
		if (!code)
			code = inflate_member(d, (const char *)data + at, len - at,
					      max - (out->len - had), out, &took);
		at += code ? 0 : took;
	} while (!code && gzip_is((const char *)data + at, len - at));
	libdeflate_free_decompressor(d);
	if (code)
		return code;
	out->text[out->len] = '\0';
	*ret_used = at;
	return 0;
}

struct gzip_writer {
	z_stream z;
	int fd;
	unsigned char buffer[65536];
};

struct gzip_writer *gzip_writer_new(int fd)
{
	struct gzip_writer *w = mem_alloc(sizeof(*w));

	w->fd = fd;
	/* Level 6 would cost three times the CPU for an eighth less. */
	if (deflateInit2(&w->z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_exhausted();
	return w;
}

static int gzip_push(struct gzip_writer *w, int flush)
{
	int status;

	do {
		size_t n;
		int code;

		w->z.next_out = w->buffer;
		w->z.avail_out = sizeof(w->buffer);
		status = deflate(&w->z, flush);
		n = sizeof(w->buffer) - w->z.avail_out;
		code = n ? fd_write(w->fd, w->buffer, n) : 0;
		if (code)
			return code;
	} while (w->z.avail_out == 0 || (flush == Z_FINISH && status != Z_STREAM_END));
	return 0;
}

int gzip_write(struct gzip_writer *w, const void *data, size_t len)
{
	while (len) {
		uInt n = (uInt)MIN(len, (size_t)1 << 30);
		int code;

		w->z.next_in = (Bytef *)data;
		w->z.avail_in = n;
		code = gzip_push(w, Z_NO_FLUSH);
		if (code)
			return code;
		data = (const char *)data + n;
		len -= n;
	}
	return 0;
}

int gzip_finish(struct gzip_writer *w)
{
	return gzip_push(w, Z_FINISH);
}

void gzip_writer_free(struct gzip_writer *w)
{
	if (!w)
		return;
	deflateEnd(&w->z);
	free(w);
}
