/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a profile is written to: checked before anything starts, written at the end.
 */
#pragma once

#include <stdint.h>

#include "base/output.h"
#include "format/format.h"

/* The row of --format, with the command's setter. */
#define FORMAT_CHOICES "pprof|folded|svg|html|speedscope|text|csv|json"
#define FORMAT_OPTION(set_format)                                                                  \
	{                                                                                          \
		0, "format", "NAME",                                                               \
			"pprof, folded, svg, html, speedscope, text, csv or json; else by the "    \
			"file's ending",                                                           \
			COMPLETE_CHOICES, FORMAT_CHOICES, set_format                               \
	}

struct save {
	const struct format *format;
	struct output output;
	struct write_options options;
	uint64_t bytes; /* written; 0 when that cannot be told */
};

/* Chooses the format (by `format`, else by the ending of `path`, else pprof) and opens the file. */
int save_open(struct save *s, const char *path, const char *format, struct err *err);
/* --inverted is of flame graphs that cannot be turned round by who looks at them. */
int check_inverted(bool inverted, const struct save *s, struct err *err);
/* The two halves of it, for what is no profile: opens the file; puts it in its place. */
int save_open_file(struct save *s, const char *path, struct err *err);
int save_commit(struct save *s, struct err *err);
int save_write(struct save *s, const struct profile *p, struct err *err);
void save_release(struct save *s);

/* "wrote cprof.pb.gz (412 KiB)" */
void save_describe(const struct save *s, struct str *out);
