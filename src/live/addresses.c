/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of single addresses. */
#include "live/addresses.h"

#include "base/clock.h"
#include "base/mem.h"
#include "collect/frames.h"
#include "maps/spaces.h"
#include "profile/profile.h"

/* NO_ID: it is in no code. */
static frame_id addresses_frame_of(struct frames *frames, const struct space *space,
				   uint64_t address)
{
	struct frame_place at = {.address = address, .time_ns = monotonic_ns()};

	if (space->pid) {
		at.space = space;
		at.map = space_find(space, address);
		return at.map ? frames_at(frames, &at) : NO_ID;
	}
	return address ? frames_at(frames, &at) : NO_ID;
}

void addresses_name(const struct symbolize_options *names, const struct image *kernel, pid_t pid,
		    const uint64_t *addresses, size_t n, struct str *ret)
{
	auto_free frame_id *at = mem_array(n, sizeof(*at));
	struct symbolizer *z = symbolizer_new(names);
	struct images *images = images_new();
	struct space space = {.pid = pid};
	struct frames *frames;
	struct profile p;

	profile_init(&p);
	images_kernel(images)->name_address = kernel->name_address;
	images_kernel(images)->name_ctx = kernel->name_ctx;
	if (pid)
		space_scan(&space, images);
	frames = frames_new(&p, images);
	for (size_t i = 0; i < n; i++)
		at[i] = addresses_frame_of(frames, &space, addresses[i]);
	symbolize_frames(z, &p, images, 0);
	for (size_t i = 0; i < n; i++) {
		const struct frame *f = at[i] == NO_ID ? NULL : &p.frames[at[i]];

		if (!f || !f->named)
			continue;
		str_printf(ret, "%#llx ", (unsigned long long)addresses[i]);
		str_plain(ret, profile_text(&p, f->function));
		str_putc(ret, '\n');
	}
	frames_free(frames);
	images_free(images);
	symbolizer_free(z);
	free(space.maps);
	profile_release(&p);
}
