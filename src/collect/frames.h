/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as they arrive: each place becomes one frame of the profile.
 *
 * Shape: a place is an address in a mapping, of the kernel without one; of an interpreted language
 *        it is a code object, the address, and the position in it. Who knows what it is, is a row
 *        of namers.def.
 * Owner: frames_free(); the profile and the images stay the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "maps/spaces.h"
#include "profile/profile.h"

struct frames;

struct frame_place {
	const struct space *space;   /* NULL: the kernel's */
	const struct space_map *map; /* that `address` lies in */
	uint64_t address;
	uint64_t position; /* within the code object of an interpreted language; else 0 */
	uint64_t time_ns;  /* at which it was there: CLOCK_MONOTONIC */
};

/* What a namer works on. */
struct naming {
	struct profile *p;
	struct images *images;
};

/* Fills in what tells the frame apart, and its names where they are only known now; `image` is what
 * the place lies in. False: it is none of its. */
typedef bool namer(const struct naming *n, const struct frame_place *at, struct image *image,
		   struct frame *ret);
#define NAMER(name) namer namer_##name;
#include "collect/namers.def"
#undef NAMER

/* The profile's mapping of an image; made when it is new. */
mapping_id naming_mapping(const struct naming *n, struct image *image, const struct space_map *map);

struct frames *frames_new(struct profile *p, struct images *images);
void frames_free(struct frames *frames);
frame_id frames_at(struct frames *frames, const struct frame_place *at);
/* A frame that is a remark, in brackets. */
frame_id frames_note(struct frames *frames, const char *text);
/* The name of generated code; NULL: it has none, or the frame is no such code. */
const char *frames_generated_name(const struct frames *frames, frame_id id);
/* One in no mapping. */
frame_id frames_unmapped(struct frames *frames, const struct space *space, uint64_t address,
			 uint64_t time_ns);
