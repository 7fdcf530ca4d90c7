/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours of functions in flame graphs. */
#include "analysis/palette.h"

#include "base/mem.h"

#include <math.h>

static uint32_t rgb(unsigned r, unsigned g, unsigned b)
{
	return r << 16 | g << 8 | b;
}

/* FNV-1a: the same for every version of cprof, unlike hash_bytes(). */
static uint32_t name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h ^ h >> 16;
}

uint32_t function_colour(const struct function *f)
{
	uint32_t h = name_hash(f->name);
	unsigned a = h % 56, b = (h >> 8) % 56;

	if (f->is_group || f->kind == FRAME_NOTE)
		return rgb(190, 190, 190);
	if (f->kind == FRAME_KERNEL)
		return rgb(165 + a, 130 + b / 2, 205 + b / 2);
	if (f->kind == FRAME_JIT)
		return rgb(80 + a, 190 + b, 90 + a);
	if (f->inlined)
		return rgb(70 + a, 170 + b, 200 + a / 2);
	return rgb(230 + a / 3, 150 + b, 60 + a / 2);
}

uint32_t change_colour(double change)
{
	/* Even small changes are to be seen. */
	double strength = sqrt(MIN(fabs(change), 1.0));
	unsigned faded = (unsigned)(235 - 155 * strength);

	return change > 0 ? rgb(255, faded, faded) : rgb(faded, faded, 255);
}
