/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names the frames of a profile. */
#include "symbolize/symbolize.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/thread.h"
#include "symbolize/debuginfod.h"
#include "base/demangle.h"
#include "symbolize/resolver.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const struct resolver *const resolvers[] = {
#define RESOLVER(id, what) &resolver_##id,
#include "symbolize/resolvers.def"
#undef RESOLVER
};

enum { ASKED_IN_VAIN = UINT8_MAX };

struct symbolizer {
	struct symbolize_options o;
	struct cache *cache;           /* opened when there is something to name */
	struct debuginfod *debuginfod; /* NULL: not asked for */
	struct map64 demangled;        /* string of a mangled name -> string of the readable one */
	uint8_t *by; /* frame -> enum named_by; ASKED_IN_VAIN: generated code that nobody names */
	size_t cap_by;
};

struct symbolizer *symbolizer_new(const struct symbolize_options *o)
{
	struct symbolizer *z = mem_alloc(sizeof(*z));

	z->o = *o;
	z->debuginfod = o->debuginfod ? debuginfod_new() : NULL;
	return z;
}

void symbolizer_free(struct symbolizer *z)
{
	if (!z)
		return;
	cache_free(z->cache);
	debuginfod_free(z->debuginfod);
	map64_release(&z->demangled);
	free(z->by);
	free(z);
}

void symbolizer_watch(struct symbolizer *z, const struct images *images)
{
	for (size_t i = 0; z->debuginfod && i < images_count(images); i++)
		if (images_at(images, i)->kind == IMAGE_FILE)
			debuginfod_want(z->debuginfod, images_at(images, i));
}

/* -- looking up -- */

struct work {
	struct query query;
	struct image *image;
	frame_id frame;
};

/* The work of one image, in a row. */
struct batch {
	struct work *work;
	size_t n;
};

struct batches {
	struct batch *all;
	size_t n;
	atomic_size_t next;
	const struct resolving *with;
};

static int by_image(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	if (x->image->mapping != y->image->mapping)
		return x->image->mapping < y->image->mapping ? -1 : 1;
	return x->query.offset < y->query.offset ? -1 : x->query.offset > y->query.offset;
}

void query_answer(struct query *q, enum named_by by, const struct place *place, char *owned)
{
	q->places = mem_dup(place, sizeof(*place));
	q->n = 1;
	q->by = by;
	q->owned = owned;
}

static void resolve_batch(const struct batch *b, const struct resolving *with)
{
	auto_free struct query **open = mem_array(b->n, sizeof(*open));

	for (size_t r = 0; r < ARRAY_SIZE(resolvers); r++) {
		size_t n_open = 0;

		for (size_t i = 0; i < b->n; i++)
			if (!b->work[i].query.n)
				open[n_open++] = &b->work[i].query;
		if (!n_open)
			return;
		resolvers[r]->resolve(b->work->image, with, open, n_open);
	}
}

/* Each part takes what is next, until all are done. */
static void resolve_batches(void *batches, unsigned part, size_t from, size_t to)
{
	struct batches *bs = batches;
	size_t i;

	(void)part, (void)from, (void)to;
	while ((i = atomic_fetch_add(&bs->next, 1)) < bs->n)
		resolve_batch(&bs->all[i], bs->with);
}

static int symbolize_largest_first(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->work < y->work ? -1 : 1;
}

/* Images that were not read yet are read at once; a few addresses more are not worth a thread. */
static void resolve_all(struct batches *bs)
{
	size_t n_new = 0;
	unsigned parts;

	for (size_t i = 0; i < bs->n; i++)
		n_new += bs->all[i].work->image->elf && !bs->all[i].work->image->symbols;
	qsort(bs->all, bs->n, sizeof(*bs->all), symbolize_largest_first);
	parts = thread_parts(n_new, 1);
	thread_split(parts, parts, resolve_batches, bs);
}

/* -- naming -- */

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

static void note_by(struct symbolizer *z, frame_id frame, unsigned by)
{
	size_t had = z->cap_by;

	array_reserve(z->by, z->cap_by, (size_t)frame + 1);
	memset(z->by + had, 0, z->cap_by - had);
	z->by[frame] = (uint8_t)by;
}

static string_id readable(struct symbolizer *z, struct profile *p, string_id mangled)
{
	uint64_t known;
	char *text;

	if (map64_find(&z->demangled, mangled, &known))
		return (string_id)known;
	text = demangle(profile_raw(p, mangled), z->o.full_names);
	known = text ? strings_add(&p->strings, text) : mangled;
	free(text);
	map64_set(&z->demangled, mangled, known);
	return (string_id)known;
}

static void set_place(struct symbolizer *z, struct profile *p, struct frame *f,
		      const struct place *place)
{
	f->system_name = strings_add(&p->strings, place->function ? place->function : "??");
	f->function = f->kind == FRAME_USER ? readable(z, p, f->system_name) : f->system_name;
	f->file = place->file ? strings_add(&p->strings, place->file) : 0;
	f->line = place->line;
	f->start_line = place->start_line;
	f->named = place->function;
}

static void set_placeholder(struct profile *p, struct frame *f, const struct work *w)
{
	auto_free char *text = frame_placeholder(image_name(w->image),
						 w->query.start ? w->query.start : w->query.offset);

	f->function = f->system_name = strings_add(&p->strings, text);
}

static void symbolize_name_frame(struct symbolizer *z, struct profile *p, const struct work *w)
{
	const struct query *q = &w->query;
	struct frame f = p->frames[w->frame];
	struct mapping *m;

	note_by(z, w->frame, q->n || f.kind != FRAME_JIT ? q->by : ASKED_IN_VAIN);
	if (!q->n) {
		/* Generated code has got one as it arrived. */
		if (!f.function)
			set_placeholder(p, &p->frames[w->frame], w);
		return;
	}
	if (q->module)
		f.mapping = module_mapping(p, q->module);
	m = &p->mappings[f.mapping];
	m->has_functions = true;
	m->has_inlines |= q->n > 1;
	f.inner = NO_ID;
	for (size_t i = 0; i < q->n; i++) {
		f.inlined = i + 1 < q->n;
		set_place(z, p, &f, &q->places[i]);
		m->has_filenames |= f.file != 0;
		m->has_lines |= f.line != 0;
		if (!f.inlined)
			break;
		f.inner = profile_add_frame(p, &f);
		note_by(z, f.inner, q->by);
	}
	p->frames[w->frame] = f;
}

/* How long Java machines may be asked for their maps, all together. */
#define JAVA_NS 3000000000ull

/* How many images are read before some may go to sleep again. */
enum { IMAGES_AT_ONCE = 128 };

/* Which frames are named. */
enum which {
	NAME_ALL,
	NAME_NEW_IMAGES,  /* of files that were not looked at yet */
	NAME_GENERATED,   /* code of running processes */
	NAME_NOW_OR_NEVER /* the kernel's, generated code, files that no build id finds again */
};

static bool symbolize_is_wanted(const struct image *image, enum which which)
{
	switch (which) {
	case NAME_NEW_IMAGES:
		return !image->named_early && image->kind != IMAGE_KERNEL;
	case NAME_GENERATED:
		return image->kind == IMAGE_ANONYMOUS;
	case NAME_NOW_OR_NEVER:
		return image->kind != IMAGE_FILE || !image->build_id.len;
	default:
		return true;
	}
}

/* Is it to be named, as far as it is known which image it lies in? Generated code has a placeholder
 * from the beginning, until all was asked for its name. */
static bool lacks_name(const struct symbolizer *z, const struct frame *f, frame_id id)
{
	bool asked = id < z->cap_by && z->by[id] == ASKED_IN_VAIN;

	return f->mapping != NO_ID &&
	       (!f->function || (f->kind == FRAME_JIT && !f->named && !asked));
}

static size_t collect_work(const struct symbolizer *z, struct profile *p, struct images *images,
			   frame_id first, enum which which, struct work *work)
{
	size_t n = 0;

	for (frame_id id = first; id < p->n_frames; id++) {
		const struct frame *f = &p->frames[id];
		struct image *image;

		if (!lacks_name(z, f, id))
			continue;
		image = images_by_mapping(images, f->mapping);
		if (!image || !symbolize_is_wanted(image, which))
			continue;
		work[n++] = (struct work){
			.query.offset = f->address - p->mappings[f->mapping].start +
					p->mappings[f->mapping].offset,
			.image = image,
			.frame = id,
		};
	}
	return n;
}

/* Takes what was found of one image. */
static void name_batch(struct symbolizer *z, struct profile *p, const struct batch *b,
		       enum which which)
{
	for (size_t i = 0; i < b->n; i++) {
		struct work *w = &b->work[i];

		w->image->named_early |= which == NAME_NEW_IMAGES;
		/* By the end there may be a name. */
		if (w->query.n || which == NAME_ALL)
			symbolize_name_frame(z, p, w);
		free(w->query.places);
		free(w->query.owned);
		free(w->query.module);
	}
}

static void symbolize(struct symbolizer *z, struct profile *p, struct images *images,
		      frame_id first, enum which which)
{
	auto_free struct work *work = mem_array(p->n_frames - first + 1, sizeof(*work));
	size_t n = collect_work(z, p, images, first, which, work), end;
	auto_free struct batch *all = mem_array(n + 1, sizeof(*all));
	struct resolving with = {.java_perfmap = z->o.java_perfmap,
				 .java_end_ns = monotonic_ns() + JAVA_NS};
	size_t n_batches = 0;

	if (!n)
		return;
	if (!z->cache && !z->o.no_cache)
		z->cache = cache_new(NULL);
	with.cache = z->cache;
	qsort(work, n, sizeof(*work), by_image);
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && work[end].image == work[i].image; end++)
			;
		all[n_batches++] = (struct batch){work + i, end - i};
	}
	for (size_t i = 0; i < n_batches; i += IMAGES_AT_ONCE) {
		struct batches bs = {.all = all + i,
				     .n = MIN(n_batches - i, (size_t)IMAGES_AT_ONCE),
				     .with = &with};

		resolve_all(&bs);
		for (size_t k = 0; k < bs.n; k++)
			name_batch(z, p, &bs.all[k], which);
		images_rest(images);
	}
}

void symbolize_frames(struct symbolizer *z, struct profile *p, struct images *images,
		      frame_id first)
{
	symbolize(z, p, images, first, z->o.no_names ? NAME_NOW_OR_NEVER : NAME_ALL);
}

void symbolize_early(struct symbolizer *z, struct profile *p, struct images *images)
{
	if (!z->o.no_names)
		symbolize(z, p, images, 0, NAME_NEW_IMAGES);
}

void symbolize_generated(struct symbolizer *z, struct profile *p, struct images *images)
{
	symbolize(z, p, images, 0, NAME_GENERATED);
}

/* -- saved profiles -- */

/* Mappings of files whose code nobody has named. */
static void open_saved(struct profile *p, struct images *images)
{
	for (mapping_id id = 0; id < p->n_mappings; id++) {
		const struct mapping *m = &p->mappings[id];
		const char *path = profile_raw(p, m->filename);
		struct build_id build_id = {0};
		struct image *image;

		if (m->has_functions || path[0] != '/')
			continue;
		/* Without a build id it might be any file by now. */
		if (!build_id_parse(profile_text(p, m->build_id), &build_id))
			continue;
		image = images_open_path(images, images_add(images, path, &build_id, NULL),
					 profile_named_by(p, id));
		if (image->elf)
			images_bind(images, image, id);
	}
}

void symbolize_saved(struct symbolizer *z, struct profile *p)
{
	struct images *images = images_new();

	if (z->o.trust)
		images_trust(images);
	open_saved(p, images);
	for (frame_id id = 0; id < p->n_frames; id++) {
		struct frame *f = &p->frames[id];

		if (f->mapping != NO_ID && !f->named && images_by_mapping(images, f->mapping))
			f->function = 0;
	}
	symbolize_frames(z, p, images, 0);
	images_free(images);
}

void symbolize_in_full(struct symbolizer *z, struct profile *p)
{
	for (frame_id id = 0; id < p->n_frames; id++) {
		struct frame *f = &p->frames[id];

		if (f->kind == FRAME_USER && f->named && f->system_name)
			f->function = readable(z, p, f->system_name);
	}
}

static enum named_by named_by(const struct symbolizer *z, const struct profile *p, frame_id id)
{
	/* Generated code has its name since its stack arrived. */
	if (p->frames[id].kind == FRAME_JIT)
		return BY_JIT;
	return id < z->cap_by ? z->by[id] : BY_NOTHING;
}

void symbolize_account(const struct symbolizer *z, const struct profile *p, struct account *a)
{
	static const char *const texts[] = {
#define NAMED_BY(id, what) what,
#include "symbolize/named_by.def"
#undef NAMED_BY
	};
	auto_free int64_t *weight = mem_array(p->stacks.n + 1, sizeof(*weight));
	uint64_t sums[N_NAMED_BY] = {0};

	profile_stack_weights(p, weight);
	stacks_each(&p->stacks, i)
	{
		frame_id id = stacks_item(&p->stacks, i);

		if (p->frames[id].kind != FRAME_NOTE && p->frames[id].named)
			sums[named_by(z, p, id)] += (uint64_t)weight[i];
	}
	for (size_t by = BY_NOTHING + 1; by < N_NAMED_BY; by++)
		account_add(&a->named_by, texts[by], sums[by]);
	account_sort(&a->named_by);
}
