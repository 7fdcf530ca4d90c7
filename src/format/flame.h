/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flame graph to be drawn: what every output of one needs to know, also of a difference.
 *
 * Owner: the caller's, all of it.
 */
#pragma once

#include "analysis/tree.h"
#include "base/err.h"
#include "base/str.h"

struct flame {
	const struct view *v;
	const struct tree *t;
	const char *title, *subtitle;
	bool annotate; /* _[k] and the like behind names */
	const void *ctx;
	/* NULL: by function */
	uint32_t (*colour)(const void *ctx, uint32_t node);
	/* Appends what is said of a node behind its weight; may be NULL. */
	void (*note)(const void *ctx, uint32_t node, struct str *out);
};

/* Writes it as one SVG file that can be zoomed and searched. */
int flame_svg(const struct flame *f, int fd, struct err *err);
/* Appends text with what has a meaning in XML escaped, cut to `most` bytes at a character's end. */
void put_xml(struct str *s, const char *text, size_t most);

/* What is kept of a tree in an SVG file: 0.1 of a pixel. */
extern const struct tree_options svg_tree;
