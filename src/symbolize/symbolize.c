/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names the frames of a profile. */
#include "symbolize/symbolize.h"

#include "base/mem.h"
#include "base/str.h"
#include "symbolize/demangle.h"
#include "symbolize/resolver.h"

#include <stdio.h>
#include <string.h>

static const struct resolver *const resolvers[] = {
#define RESOLVER(id, what) &resolver_##id,
#include "symbolize/resolvers.def"
#undef RESOLVER
};

struct work {
	struct query query;
	struct image *image;
	frame_id frame;
};

static int by_image(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	if (x->image->mapping != y->image->mapping)
		return x->image->mapping < y->image->mapping ? -1 : 1;
	return x->query.offset < y->query.offset ? -1 : x->query.offset > y->query.offset;
}

static void resolve_image(struct image *image, struct work *work, size_t n)
{
	auto_free struct query **open = mem_array(n, sizeof(*open));

	for (size_t r = 0; r < ARRAY_SIZE(resolvers); r++) {
		size_t n_open = 0;

		for (size_t i = 0; i < n; i++)
			if (!work[i].query.name)
				open[n_open++] = &work[i].query;
		if (!n_open)
			return;
		resolvers[r]->resolve(image, open, n_open);
	}
}

/* The profile's mapping of a kernel module, made when it is new. */
static mapping_id module_mapping(struct profile *p, const char *module)
{
	string_id name = strings_add(&p->strings, module);
	struct mapping m = {.filename = name, .limit = UINT64_MAX, .has_functions = true};
	mapping_id id;

	for (id = 0; id < p->n_mappings; id++)
		if (p->mappings[id].filename == name && p->mappings[id].limit == UINT64_MAX)
			return id;
	return profile_add_mapping(p, &m);
}

static void name_frame(struct profile *p, struct work *w)
{
	struct frame *f = &p->frames[w->frame];
	auto_free char *readable = NULL;
	auto_free char *placeholder = NULL;

	if (!w->query.name) {
		const char *name = image_name(w->image);
		size_t bracket = name[0] == '[';

		/* [anon] and the like bring their own brackets. */
		placeholder = mem_printf("[%.*s+0x%llx]", (int)(strlen(name) - 2 * bracket),
					 name + bracket, (unsigned long long)w->query.offset);
		f->function = f->system_name = strings_add(&p->strings, placeholder);
		return;
	}
	if (w->query.module)
		f->mapping = module_mapping(p, w->query.module);
	readable = w->image->kind == IMAGE_KERNEL ? NULL : demangle(w->query.name);
	f->system_name = strings_add(&p->strings, w->query.name);
	f->function = readable ? strings_add(&p->strings, readable) : f->system_name;
	f->named = true;
	p->mappings[f->mapping].has_functions = true;
}

void symbolize_frames(struct profile *p, struct images *images, frame_id first)
{
	size_t n_work = 0, end;
	auto_free struct work *work = mem_array(p->n_frames - first + 1, sizeof(*work));

	for (frame_id id = first; id < p->n_frames; id++) {
		const struct frame *f = &p->frames[id];
		struct image *image;

		if (f->function || f->mapping == NO_ID)
			continue;
		image = images_by_mapping(images, f->mapping);
		if (!image)
			continue;
		work[n_work++] = (struct work){
			.query.offset = f->address - p->mappings[f->mapping].start,
			.image = image,
			.frame = id,
		};
	}
	if (!n_work)
		return;
	qsort(work, n_work, sizeof(*work), by_image);
	for (size_t i = 0; i < n_work; i = end) {
		for (end = i; end < n_work && work[end].image == work[i].image; end++)
			;
		resolve_image(work[i].image, work + i, end - i);
	}
	for (size_t i = 0; i < n_work; i++) {
		name_frame(p, &work[i]);
		free(work[i].query.name);
		free(work[i].query.module);
	}
}
