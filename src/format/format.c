/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of formats, and reading a file of any of them. */
#include "format/format.h"

#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

#define READ_true(id)  id##_read
#define READ_false(id) NULL
static const struct format formats[] = {
#define FORMAT(id, endings, binary, reads, what)                                                   \
	{#id, endings, binary, what, id##_write, READ_##reads(id)},
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

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (str_equal(name, formats[i].name))
			return &formats[i];
		names[i] = formats[i].name;
		str_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = nearest_word(name, names, ARRAY_SIZE(names));
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

int profile_parse(const void *data, size_t len, struct profile *p, struct err *err)
{
	struct str plain auto_release(str_release) = {0};
	int code;

	if (!len)
		return err_set(err, 0, "the file is empty");
	if (gzip_is(data, len)) {
		code = gzip_inflate(data, len, MAX_PROFILE_BYTES, &plain);
		if (code == -EFBIG)
			return err_set(err, 0, "the profile inflates to more than 1 GiB");
		if (code)
			return err_set(err, 0, "the gzip data is damaged or cut short");
		return pprof_read(plain.text, plain.len, p, err);
	}
	/* Folded stacks are text; a plain protobuf has control characters within its first bytes.
	 */
	for (size_t i = 0; i < len && i < 256; i++)
		if (((const unsigned char *)data)[i] < 32 &&
		    !strchr("\t\r\n", ((const char *)data)[i]))
			return pprof_read(data, len, p, err);
	return folded_read(data, len, p, err);
}

int profile_read(const char *path, struct profile *p, struct err *err)
{
	struct str bytes auto_release(str_release) = {0};
	struct err inner = {0};
	int code = str_equal(path, "-") ? fd_read(STDIN_FILENO, MAX_PROFILE_BYTES, &bytes)
					: file_read(path, MAX_PROFILE_BYTES, &bytes);

	if (code) {
		err_set(err, code, "cannot read %s", path);
		return code == -ENOENT ? err_cure(err, "record one first: cprof record -o %s", path)
				       : code;
	}
	if (!profile_parse(bytes.text, bytes.len, p, &inner))
		return 0;
	err_set(err, 0, "%s is no profile: %s", path, inner.what);
	return err_cure(err, "cprof reads pprof files (.pb.gz) and folded stacks");
}
