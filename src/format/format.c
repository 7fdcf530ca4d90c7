/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of formats, and reading a file of any of them. */
#include "format/format.h"

#include "base/filemap.h"
#include "base/filesystems.h"
#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"
#include "format/folded_line.h"
#include "format/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
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
static bool has_control_characters(const char *data, size_t len)
{
	for (size_t i = 0; i < len && i < 256; i++)
		if ((unsigned char)data[i] < 32 && (!data[i] || !strchr("\t\r\n", data[i])))
			return true;
	return false;
}

static int format_read_text(struct lines *lines, const char *head, size_t len, struct profile *p,
			    struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	int code;

	if (len >= sizeof(mark) - 1 && memcmp(head, mark, sizeof(mark) - 1) == 0) {
		head += sizeof(mark) - 1;
		len -= sizeof(mark) - 1;
		lines->at += sizeof(mark) - 1;
	}
	if (perf_script_is(head, len)) {
		code = perf_script_read(lines, p, err);
		/* perf report's text may begin as perf script's. */
		return code && foreign_is(head, len, true, err) ? err->code : code;
	}
	return foreign_is(head, len, true, err) ? err->code : folded_read(lines, p, err);
}

/* Names of text may have control characters too. */
static bool looks_like_text(const char *data, size_t len)
{
	const char *stop = memchr(data, '\n', len);
	struct folded_count count;

	return perf_script_is(data, len) ||
	       folded_count_of(data, stop ? (size_t)(stop - data) : len, &count);
}

static int format_read_pprof(const char *data, size_t len, struct profile *p, struct err *err)
{
	struct lines lines;
	size_t head = MIN(len, (size_t)HEAD_BYTES);
	struct account account = {0};
	int code = pprof_read(data, len, p, err);

	if (!code || foreign_is(data, head, false, err) || !looks_like_text(data, head))
		return code ? err->code : 0;
	/* What was skipped in front of it stays told. */
	account_sum(&account, &p->account);
	profile_release(p);
	profile_init(p);
	p->account = account;
	lines_of_text(&lines, data, len);
	return format_read_text(&lines, data, head, p, err);
}

/* What is there as a whole, and not packed. */
static int parse_plain(const char *data, size_t len, struct profile *p, struct err *err)
{
	struct lines lines;

	if (!len)
		return err_set(err, 0, "the file is empty");
	if (has_control_characters(data, len))
		return format_read_pprof(data, len, p, err);
	lines_of_text(&lines, data, len);
	return format_read_text(&lines, data, MIN(len, HEAD_BYTES), p, err);
}

/* What follows gzip data is no part of it, which is said: tapes and blocks are filled with zeros,
 * but anything else may be missed. */
static void skip_rest(struct profile *p, const char *data, size_t used, size_t len)
{
	auto_free char *where = mem_printf("byte %zu", used + 1);
	size_t zeros = 0;

	while (used + zeros < len && !data[used + zeros])
		zeros++;
	account_skip(&p->account, 0, len - used,
		     used + zeros == len ? "zeros behind the end of the gzip data"
					 : "behind the end of the gzip data",
		     where);
}

/* A file of a few kilobytes may say a gigabyte. Profiles inflate to 5 to 50 times their size. */
enum { MAX_RATIO = 200, LEAST_BOMB_BYTES = 64 << 20 };

static int format_inflate(const void *data, size_t len, struct profile *p, struct str *plain,
			  struct err *err)
{
	size_t used, most = MAX(len * MAX_RATIO, (size_t)LEAST_BOMB_BYTES);
	int code = gzip_inflate(data, len, MIN(most, (size_t)MAX_PROFILE_BYTES), plain, &used);

	if (code == -EFBIG && most < MAX_PROFILE_BYTES) {
		err_set(err, 0, "it inflates to more than %d times its size, as no profile does",
			MAX_RATIO);
		return err_cure(err, "if you trust it, inflate it first: gunzip < FILE > NEW");
	}
	if (code == -EFBIG)
		return err_set(err, 0, "the profile inflates to more than 1 GiB");
	if (code)
		return err_set(err, 0, "the gzip data is damaged or cut short");
	if (used < len)
		skip_rest(p, data, used, len);
	return 0;
}

/* The same of a file of which `head` has been read; where it can be, it is mapped. */
static int read_gzip(int fd, struct str *head, struct profile *p, struct err *err)
{
	struct str plain auto_release(str_release) = {0};
	struct file_map map = {0};
	int code;

	if (lseek(fd, 0, SEEK_CUR) == (off_t)head->len && !file_map(fd, &map))
		code = format_inflate(map.bytes, map.n, p, &plain, err);
	else if (fd_read(fd, MAX_PROFILE_BYTES, head))
		code = err_set(err, 0, TOO_LARGE);
	else
		code = format_inflate(head->text, head->len, p, &plain, err);
	/* The memory that it takes is not needed any more. */
	file_unmap(&map);
	str_release(head);
	return code ? code : parse_plain(plain.text, plain.len, p, err);
}

/* How the file begins tells what it is; text is then read on piece by piece. */
static int read_fd(int fd, struct str *head, struct profile *p, struct err *err)
{
	struct lines lines auto_release(lines_release) = {.fd = -1};

	if (!head->len)
		return err_set(err, 0, "the file is empty");
	if (gzip_is(head->text, head->len))
		return read_gzip(fd, head, p, err);
	if (!has_control_characters(head->text, head->len)) {
		lines_of_fd(&lines, fd, head->text, head->len);
		return format_read_text(&lines, head->text, head->len, p, err);
	}
	if (fd_read(fd, MAX_PROFILE_BYTES, head))
		return err_set(err, 0, TOO_LARGE);
	return format_read_pprof(head->text, head->len, p, err);
}

/* What was skipped is told to whoever reads the profile later, too. */
static void note_skipped(struct profile *p)
{
	struct str text auto_release(str_release) = {0};

	if (!p->account.skipped_first[0])
		return;
	account_skipped_line(&p->account, "what was read", &text);
	/* An export of an export says it once. */
	for (size_t i = 0; i < p->n_comments; i++)
		if (str_equal(profile_text(p, p->comments[i]), text.text))
			return;
	profile_add_comment(p, text.text);
}

int profile_parse(const void *data, size_t len, struct profile *p, struct err *err)
{
	struct str plain auto_release(str_release) = {0};
	bool is_packed = gzip_is(data, len);

	if (is_packed && format_inflate(data, len, p, &plain, err))
		return err->code;
	if (parse_plain(is_packed ? plain.text : data, is_packed ? plain.len : len, p, err))
		return err->code;
	note_skipped(p);
	return 0;
}

/* Whose the file is that was read, as far as that is proven: not by what /proc shows, whose owner
 * did not write it, nor by a file system that others serve or have brought along. */
static uid_t proven_owner(int fd)
{
	const uid_t nobody = 65534;
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return nobody;
	if (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC)
		return nobody;
	if (S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    (!filesystem_is_listed(fd) || (major(st.st_dev) && fs.f_flags & ST_NOSUID)) &&
	    !filesystem_is_roots(fd, 0))
		return nobody;
	return st.st_uid;
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
	if (!read_fd(fd, &bytes, p, &inner)) {
		p->owner = fd == STDIN_FILENO ? geteuid() : proven_owner(fd);
		note_skipped(p);
		return 0;
	}
	err_set(err, 0, "%s is no profile: %s", path, inner.what);
	if (inner.cure[0])
		return err_cure(err, "%s", inner.cure);
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
