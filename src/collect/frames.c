/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as they arrive. */
#include "collect/frames.h"

#include "base/hash.h"
#include "base/mem.h"
#include "collect/generated.h"

struct frames {
	struct naming to;
	struct map known;   /* places -> frame */
	struct map64 notes; /* texts -> frame */
	struct generated *generated;
};

struct frames *frames_new(struct profile *p, struct images *images)
{
	struct frames *frames = mem_alloc(sizeof(*frames));

	frames->to = (struct naming){p, images};
	frames->generated = generated_new();
	return frames;
}

void frames_free(struct frames *frames)
{
	if (!frames)
		return;
	map_release(&frames->known);
	map64_release(&frames->notes);
	generated_free(frames->generated);
	free(frames);
}

static bool place_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct frame *have = &((const struct frames *)ctx)->to.p->frames[id], *want = key;

	return have->mapping == want->mapping && have->address == want->address &&
	       have->position == want->position &&
	       (have->kind != FRAME_JIT || !want->function || have->function == want->function);
}

/* -- the kernel -- */

bool namer_kernel(const struct naming *n, const struct frame_place *at, struct image *kernel,
		  struct frame *ret)
{
	if (at->space)
		return false;
	if (kernel->mapping == NO_ID) {
		struct mapping m = {.limit = UINT64_MAX};

		m.filename = strings_add(&n->p->strings, kernel->path);
		images_bind(n->images, kernel, profile_add_mapping(n->p, &m));
	}
	ret->kind = FRAME_KERNEL;
	ret->mapping = kernel->mapping;
	ret->address = at->address;
	return true;
}

/* -- mapped code -- */

mapping_id naming_mapping(const struct naming *n, struct image *image, const struct space_map *map)
{
	char hex[2 * MAX_BUILD_ID + 1];
	struct mapping m = {0};

	if (image->mapping != NO_ID)
		return image->mapping;
	m.filename = strings_add(&n->p->strings, image->path);
	m.build_id = strings_add(&n->p->strings, build_id_hex(&image->build_id, hex));
	/* Offset 0 of the file stands at `start`, whatever segment was met first. */
	if (image->kind != IMAGE_ANONYMOUS && map->start > map->offset)
		m.start = map->start - map->offset;
	m.limit = map->end;
	m.owner = image_owner(image) + 1;
	images_bind(n->images, image, profile_add_mapping(n->p, &m));
	return image->mapping;
}

/* Names generated code while it is there: the next function may come to lie at its address. */
static void name_generated(const struct naming *n, const struct frame_place *at,
			   struct image *image, struct frame *f)
{
	struct jit *jit = image_jit(image);
	const struct space_map *dump = jit_has_dump(jit) ? NULL : space_jitdump(at->space);
	struct mapping *m = &n->p->mappings[f->mapping];
	struct strings *s = &n->p->strings;
	struct code_place is;

	if (dump)
		jit_set_dump(jit, dump->image->path, dump->start, dump->end);
	if (!jit_find(jit, f->address, at->time_ns, &is))
		return;
	f->function = f->system_name = strings_add(s, is.name);
	f->file = is.file ? strings_add(s, is.file) : 0;
	f->line = is.line;
	f->named = true;
	m->has_functions = true;
	m->has_filenames |= f->file != 0;
	m->has_lines |= f->line != 0;
}

static void reach(const struct naming *n, const struct frame *f)
{
	struct mapping *m = &n->p->mappings[f->mapping];

	if (f->address >= m->limit)
		m->limit = f->address + 1;
}

/* Generated code lies where it lies. */
bool namer_generated(const struct naming *n, const struct frame_place *at, struct image *image,
		     struct frame *ret)
{
	if (image->kind != IMAGE_ANONYMOUS)
		return false;
	ret->kind = FRAME_JIT;
	ret->mapping = naming_mapping(n, image, at->map);
	ret->address = at->address;
	reach(n, ret);
	name_generated(n, at, image, ret);
	return true;
}

/* Code of a file has one address, whatever the process. */
bool namer_image(const struct naming *n, const struct frame_place *at, struct image *image,
		 struct frame *ret)
{
	ret->kind = FRAME_USER;
	ret->mapping = naming_mapping(n, image, at->map);
	ret->address =
		at->address - at->map->start + at->map->offset + n->p->mappings[ret->mapping].start;
	reach(n, ret);
	return true;
}

/* -- all of them -- */

/* What generated code is called as long as nobody names it. */
static string_id generated_placeholder(struct frames *frames, const struct frame_place *at,
				       const struct image *image)
{
	uint64_t start = generated_start(frames->generated, at->space, at->map, at->address);
	auto_free char *text = frame_placeholder(image_name(image), start);

	return strings_add(&frames->to.p->strings, text);
}

frame_id frames_at(struct frames *frames, const struct frame_place *at)
{
	static namer *const namers[] = {
#define NAMER(name) namer_##name,
#include "collect/namers.def"
#undef NAMER
	};
	struct image *image = at->space ? images_open(frames->to.images, at->map->image,
						      at->space->pid, at->map->start, at->map->end)
					: images_kernel(frames->to.images);
	struct frame f = {.mapping = NO_ID, .inner = NO_ID, .position = at->position};
	uint64_t hash;
	frame_id id;
	size_t i = 0;

	while (i < ARRAY_SIZE(namers) && !namers[i](&frames->to, at, image, &f))
		i++;
	hash = hash_u64(f.address ^ (uint64_t)f.mapping << 48) ^ f.function ^ hash_u64(f.position);
	id = map_find(&frames->known, hash, place_equal, frames, &f);
	if (id == NO_ID) {
		if (f.kind == FRAME_JIT && !f.function)
			f.function = f.system_name = generated_placeholder(frames, at, image);
		id = profile_add_frame(frames->to.p, &f);
		map_add(&frames->known, hash, id);
	}
	return id;
}

frame_id frames_note(struct frames *frames, const char *text)
{
	string_id string = strings_add(&frames->to.p->strings, text);
	uint64_t id;

	if (!map64_find(&frames->notes, string, &id)) {
		id = profile_add_note(frames->to.p, text);
		map64_set(&frames->notes, string, id);
	}
	return (frame_id)id;
}

const char *frames_generated_name(const struct frames *frames, frame_id id)
{
	const struct frame *f = &frames->to.p->frames[id];

	return f->kind == FRAME_JIT && f->named ? profile_text(frames->to.p, f->function) : NULL;
}

frame_id frames_unmapped(struct frames *frames, const struct space *space, uint64_t address,
			 uint64_t time_ns)
{
	static const struct build_id none;
	const struct space_map map = {0, 1, 0,
				      images_add(frames->to.images, "[unmapped]", &none, NULL)};
	const struct frame_place at = {
		.space = space, .map = &map, .address = address, .time_ns = time_ns};

	return frames_at(frames, &at);
}
