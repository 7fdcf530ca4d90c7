/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saved profile as a feed. */
#include "live/saved.h"

#include "base/mem.h"
#include "symbolize/disassemble.h"

#include <stdio.h>

struct saved {
	struct feed feed; /* first: a feed is its saved profile */
	struct symbolize_options names;
};

static int saved_fill(struct feed *f, struct err *err)
{
	(void)f, (void)err;
	return 1;
}

static int saved_wait_fd(struct feed *f)
{
	(void)f;
	return -1;
}

static int saved_annotate(struct feed *f, mapping_id mapping, uint64_t offset, struct code *ret,
			  struct err *err)
{
	return disassemble(&((struct saved *)f)->names, f->profile, mapping, offset, ret, err);
}

static void saved_free(struct feed *f)
{
	free(f);
}

struct feed *saved_feed(struct profile *p, const char *title, const struct symbolize_options *o)
{
	struct saved *s = mem_alloc(sizeof(*s));

	s->feed = (struct feed){.fill = saved_fill,
				.wait_fd = saved_wait_fd,
				.take = saved_fill,
				.annotate = saved_annotate,
				.free = saved_free,
				.profile = p};
	s->names = *o;
	snprintf(s->feed.title, sizeof(s->feed.title), "%s", title);
	return &s->feed;
}
