/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: /proc/PID/maps, and what becomes of it. */
#include "base/mem.h"
#include "maps/spaces.h"
#include "proc/pmaps.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(void *ctx, const struct pmap *m)
{
	struct space_map map = {m->start, m->end, m->offset, NULL};

	space_add(ctx, &map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_alloc(size + 1);
	struct space space = {0};

	memcpy(text, data, size);
	pmaps_parse(text, add, &space);
	space_find(&space, 0x1000);
	free(space.maps);
	return 0;
}
