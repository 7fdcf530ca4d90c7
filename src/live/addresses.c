/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of single addresses. */
#include "live/addresses.h"

#include "base/clock.h"
#include "base/mem.h"
#include "collect/stacks.h"
#include "maps/spaces.h"
#include "profile/profile.h"

/* The frame that an address is in, as that of a stack of its own. */
static stack_id stack_at(struct resolved *r, const struct space *space, uint64_t address)
{
	struct {
		struct stack_record head;
		uint64_t frame;
	} kernel = {.head = {.type = RECORD_KERNEL_STACK, .id = address, .n_frames = 1}, address};
	struct count_key key = {.tgid = (uint32_t)space->pid, .kernel_stack = address};
	struct captured *one;
	bool missing;

	if (!space->pid) {
		if (address < STACK_FIRST)
			return NO_ID;
		resolved_add_kernel(r, &kernel.head);
		return resolved_find(r, &key, 1, &missing);
	}
	key.kernel_stack = STACK_NONE;
	one = mem_alloc(sizeof(*one));
	one->frames[0] = address;
	one->n = 1;
	one->end = WALK_FIRST;
	key.user_stack = resolved_new_id(r);
	resolved_add_captured(r, key.user_stack, one, space, monotonic_ns(), false);
	free(one);
	return resolved_find(r, &key, 1, &missing);
}

void addresses_name(const struct symbolize_options *names, const struct image *kernel, pid_t pid,
		    const uint64_t *addresses, size_t n, struct str *ret)
{
	auto_free stack_id *stacks = mem_array(n, sizeof(*stacks));
	struct symbolizer *z = symbolizer_new(names);
	struct images *images = images_new();
	struct space space = {.pid = pid};
	struct resolved *r;
	struct profile p;

	profile_init(&p);
	images_kernel(images)->name_address = kernel->name_address;
	images_kernel(images)->name_ctx = kernel->name_ctx;
	if (pid)
		space_scan(&space, images);
	r = resolved_new(&p, images, 1, true);
	for (size_t i = 0; i < n; i++)
		stacks[i] = stack_at(r, &space, addresses[i]);
	symbolize_frames(z, &p, images, 0);
	for (size_t i = 0; i < n; i++) {
		const struct frame *f =
			stacks[i] == NO_ID ? NULL : &p.frames[stacks_item(&p.stacks, stacks[i])];

		if (!f || !f->named || f->kind == FRAME_NOTE)
			continue;
		str_printf(ret, "%#llx ", (unsigned long long)addresses[i]);
		str_plain(ret, profile_text(&p, f->function));
		str_putc(ret, '\n');
	}
	resolved_free(r);
	images_free(images);
	symbolizer_free(z);
	free(space.maps);
	profile_release(&p);
}
