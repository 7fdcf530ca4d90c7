/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names the frames of a profile.
 *
 * Each unique (image, offset) is looked up once. What has no name becomes [libfoo.so+0x1234], with
 * frame.named false.
 */
#pragma once

#include "maps/images.h"
#include "profile/profile.h"

/* Names the frames from `first` on. `images` knows the image of each of the profile's mappings. */
void symbolize_frames(struct profile *p, struct images *images, frame_id first);
