/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A difference of two profiles, as text, JSON, SVG and page. */
#pragma once

#include "analysis/diff.h"
#include "base/str.h"

struct difference_options {
	size_t most; /* rows; 0: all */
	bool colour;
	size_t width; /* of the terminal; 0: no limit */
};

void difference_text(const struct diff *d, const struct difference_options *o, struct str *out);
void difference_json(const struct diff *d, const struct difference_options *o, struct str *out);
int difference_svg(const struct diff *d, const char *title, int fd, struct err *err);
int difference_html(struct diff *d, const char *title, int fd, struct err *err);
/* In words: how the profiles were made comparable and what the p-values rest on. */
void difference_note(const struct diff *d, struct str *out);
