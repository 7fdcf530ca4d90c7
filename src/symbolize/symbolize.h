/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names the frames of a profile.
 *
 * Each unique (image, offset) is looked up once: its function, file and line, and what is inlined
 * there (frame.inner). What has no name becomes [libfoo.so+0x1234], with frame.named false; where
 * at least the beginning of its function is known, that is the offset shown.
 * Owner: symbolizer_free(), after the images that it named.
 */
#pragma once

#include "maps/images.h"
#include "profile/profile.h"

struct symbolizer;

struct symbolize_options {
	bool full_names; /* with parameters */
	bool debuginfod; /* fetch missing debug information in the background */
	bool no_cache;
	bool trust;        /* what files name is opened with our own rights, whoever made them */
	bool java_perfmap; /* ask Java machines for their perf maps */
	bool no_names;     /* of a recording: addresses only */
};

struct symbolizer *symbolizer_new(const struct symbolize_options *o);
void symbolizer_free(struct symbolizer *z);

/* Has debug information of new images fetched, where that was asked for; to be called now and then.
 */
void symbolizer_watch(struct symbolizer *z, const struct images *images);
/* Names the frames from `first` on. `images` knows the image of each of the profile's mappings. */
void symbolize_frames(struct symbolizer *z, struct profile *p, struct images *images,
		      frame_id first);
/* Names frames of images that it was not asked about before: the files are read while the recording
 * runs, so that little is left to do when it ends. */
void symbolize_early(struct symbolizer *z, struct profile *p, struct images *images);
/* Names generated code whose process has told its names since, or can be asked for them. */
void symbolize_generated(struct symbolizer *z, struct profile *p, struct images *images);
/* Names what a profile that was saved without names has addresses of, from the files of this
 * machine with the same build ids. */
void symbolize_saved(struct symbolizer *z, struct profile *p);
/* Shows names of functions with their parameters, as far as the profile has the mangled ones. */
void symbolize_in_full(struct symbolizer *z, struct profile *p);
/* Tells the account what has named the frames, weighted by samples. */
void symbolize_account(const struct symbolizer *z, const struct profile *p, struct account *a);
