/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of formats, and reading a file of any of them. */
#include "format/format.h"

#include "base/filemap.h"
#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAD_BYTES = 65536 };

#define TOO_LARGE "it cannot be read, or has more than 1 GiB"

#define WRITE_yes(id)   id##_write
#define WRITE_no(id)    NULL
#define BYTES_bytes(id) id##_read
#define BYTES_lines(id) NULL
#define BYTES_no(id)    NULL
#define LINES_bytes(id) NULL
#define LINES_lines(id) id##_read
#define LINES_no(id)    NULL
static const struct format formats[] = {
#define FORMAT(id, endings, binary, writes, reads, what)                                           \
	{#id, endings, binary, what, WRITE_##writes(id), BYTES_##reads(id), LINES_##reads(id)},
#include "format/formats.def"
#undef FORMAT
};

const struct format *format_at(size_t i)
{
	return i < ARRAY_SIZE(formats) ? &formats[i] : NULL;
}

const struct format *format_find(const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(formats)], *near;
	struct str all auto_release(str_release) = {0};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!formats[i].write)
			continue;
		if (str_equal(name, formats[i].name))
			return &formats[i];
		str_printf(&all, "%s%s", n ? ", " : "", formats[i].name);
		names[n++] = formats[i].name;
	}
	near = nearest_word(name, names, n);
	err_usage(err, "unknown format '%.40s'", name);
	if (near)
		err_cure(err, "did you mean '%s'? Formats: %s", near, all.text);
	else
		err_cure(err, "formats: %s", all.text);
	return NULL;
}

const struct format *format_of_path(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		auto_free char *endings = mem_strdup(formats[i].endings);
		char *save = NULL;

		for (char *e = strtok_r(endings, " ", &save); e; e = strtok_r(NULL, " ", &save))
			if (str_ends(path, e))
				return &formats[i];
	}
	return NULL;
}

/* Folded stacks and the like are text; a plain protobuf has control characters within its first
 * bytes. */
static bool format_is_text(const char *data, size_t len)
{
	for (size_t i = 0; i < len && i < 256; i++)
		if ((unsigned char)data[i] < 32 && !strchr("\t\r\n", data[i]))
			return false;
	return true;
}

static int format_parse_text(struct lines *lines, const char *head, size_t len, struct profile *p,
			     struct err *err)
{
	return perf_script_is(head, len) ? perf_script_read(lines, p, err)
					 : folded_read(lines, p, err);
}

static int format_inflate(const void *data, size_t len, struct str *plain, struct err *err)
{
	int code = gzip_inflate(data, len, MAX_PROFILE_BYTES, plain);

	if (code == -EFBIG)
		return err_set(err, 0, "the profile inflates to more than 1 GiB");
	return code ? err_set(err, 0, "the gzip data is damaged or cut short") : 0;
}

static int parse_gzip(const void *data, size_t len, struct profile *p, struct err *err)
{
	struct str plain auto_release(str_release) = {0};

	return format_inflate(data, len, &plain, err) ? err->code
						      : pprof_read(plain.text, plain.len, p, err);
}

/* The same of a file of which `head` has been read; where it can be, it is mapped. */
static int read_gzip(int fd, struct str *head, struct profile *p, struct err *err)
{
	struct str plain auto_release(str_release) = {0};
	struct file_map map = {0};
	int code;

	if (lseek(fd, 0, SEEK_CUR) == (off_t)head->len && !file_map(fd, &map))
		code = format_inflate(map.bytes, map.n, &plain, err);
	else if (fd_read(fd, MAX_PROFILE_BYTES, head))
		code = err_set(err, 0, TOO_LARGE);
	else
		code = format_inflate(head->text, head->len, &plain, err);
	/* The memory that it takes is not needed any more. */
	file_unmap(&map);
	str_release(head);
	return code ? code : pprof_read(plain.text, plain.len, p, err);
}

/* How the file begins tells what it is; text is then read on piece by piece. */
static int read_fd(int fd, struct str *head, struct profile *p, struct err *err)
{
	struct lines lines auto_release(lines_release) = {.fd = -1};

	if (!head->len)
		return err_set(err, 0, "the file is empty");
	if (format_is_text(head->text, head->len)) {
		lines_of_fd(&lines, fd, head->text, head->len);
		return format_parse_text(&lines, head->text, head->len, p, err);
	}
	if (gzip_is(head->text, head->len))
		return read_gzip(fd, head, p, err);
	if (fd_read(fd, MAX_PROFILE_BYTES, head))
		return err_set(err, 0, TOO_LARGE);
	return pprof_read(head->text, head->len, p, err);
}

int profile_parse(const void *data, size_t len, struct profile *p, struct err *err)
{
	struct lines lines;

	if (!len)
		return err_set(err, 0, "the file is empty");
	if (format_is_text(data, len)) {
		lines_of_text(&lines, data, len);
		return format_parse_text(&lines, data, len, p, err);
	}
	return gzip_is(data, len) ? parse_gzip(data, len, p, err) : pprof_read(data, len, p, err);
}

int profile_read(const char *path, struct profile *p, struct err *err)
{
	struct str bytes auto_release(str_release) = {0};
	struct err inner = {0};
	auto_close int file = str_equal(path, "-") ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int fd = str_equal(path, "-") ? STDIN_FILENO : file;
	int code = fd < 0 ? -errno : fd_read_head(fd, HEAD_BYTES, &bytes);

	if (code) {
		err_set(err, code, "cannot read %s", path);
		return code == -ENOENT ? err_cure(err, "record one first: cprof record -o %s", path)
				       : code;
	}
	if (!read_fd(fd, &bytes, p, &inner))
		return 0;
	err_set(err, 0, "%s is no profile: %s", path, inner.what);
	return err_cure(err, "cprof reads pprof files (.pb.gz), folded stacks and 'perf script'");
}

int format_append(const struct format *f, const struct profile *p, const struct write_options *o,
		  struct str *out, struct err *err)
{
	auto_close int fd = memfd_create("cprof", MFD_CLOEXEC);
	int code;

	if (fd < 0)
		return err_set(err, -errno, "no memory file");
	if (f->write(p, fd, o, err))
		return err->code;
	code = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read(fd, SIZE_MAX / 2, out);
	return code ? err_set(err, code, "cannot read the profile back") : 0;
}
