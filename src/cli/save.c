/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a profile is written to. */
#include "cli/save.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int save_open_file(struct save *s, const char *path, struct err *err)
{
	return output_open(&s->output, path, err) ? err->code : 0;
}

int save_commit(struct save *s, struct err *err)
{
	struct stat st;

	if (fstat(s->output.fd, &st) == 0 && S_ISREG(st.st_mode))
		s->bytes = (uint64_t)st.st_size;
	return output_commit(&s->output, err);
}

int save_open(struct save *s, const char *path, const char *format, struct err *err)
{
	s->output.fd = -1;
	s->format = format ? format_find(format, err) : format_of_path(path);
	if (!s->format && format)
		return err->code;
	if (!s->format) {
		const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');

		s->format = format_at(0);
		if (dot)
			log_warn("no format has the ending '%s': writing %s", dot, s->format->name);
	}
	if (str_equal(path, "-") && s->format->binary && isatty(STDOUT_FILENO)) {
		err_usage(err, "a %s profile is binary and not for a terminal", s->format->name);
		return err_cure(err, "redirect it, give a file with -o, or choose --format folded");
	}
	return save_open_file(s, path, err);
}

int check_inverted(bool inverted, const struct save *s, struct err *err)
{
	if (!inverted || str_equal(s->format->name, "svg"))
		return 0;
	err_usage(err, "--inverted is of .svg flame graphs, not of %s", s->format->name);
	return err_cure(err, "leave it out; the page (.html) shows both");
}

int save_write(struct save *s, const struct profile *p, struct err *err)
{
	int code = s->format->write(p, s->output.fd, &s->options, err);

	if (code) {
		struct err cause = *err;

		snprintf(err->what, sizeof(err->what), "%.300s (%.200s)", cause.what,
			 s->output.path);
		if (code == -ENOSPC || code == -EDQUOT)
			return err_cure(err, "make room, or choose another file with -o");
		if (code != -EPIPE && !*err->cure)
			err_cure(err, "choose another file with -o");
		return code;
	}
	return save_commit(s, err);
}

void save_release(struct save *s)
{
	output_release(&s->output);
}

void save_describe(const struct save *s, struct str *out)
{
	char size[32];

	str_printf(out, "wrote %s", s->output.is_stdout ? "standard output" : s->output.path);
	if (s->bytes)
		str_printf(out, " (%s)", format_bytes(size, s->bytes));
}
