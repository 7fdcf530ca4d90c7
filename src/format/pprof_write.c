/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a profile as pprof, piece by piece. */
#include "base/gzip.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/sum.h"
#include "format/format.h"
#include "format/pprof.h"

#include "profile.pb-c.h"

#include <stdio.h>
#include <string.h>

/* Of a frame. */
enum {
	IS_LOCATION = 1, /* a stack holds it: a location is one with what is inlined there */
	IN_PROGRAM = 2,  /* its code lies in a file that is no library */
};

struct writer {
	const struct profile *p;
	struct gzip_writer *gz;
	struct str buffer; /* flushed when it is large */
	struct str scratch;
	bool *is_program;      /* mappings of files that are no library */
	uint8_t *marks;        /* of frames */
	int64_t *programs;     /* the samples' first values, by the file name of who started them */
	uint32_t *function_of; /* frame -> function id, 0: not yet */
	frame_id *functions;   /* a frame of each function */
	size_t n_functions, cap_functions;
	struct map function_map;
	Pprof__Line *lines, **line_list; /* of one location */
	size_t cap_lines, cap_line_list;
	int code;
};

static void pprof_write_flush(struct writer *w, size_t above)
{
	if (w->buffer.len <= above)
		return;
	if (!w->code)
		w->code = gzip_write(w->gz, w->buffer.text, w->buffer.len);
	w->buffer.len = 0;
}

static void put_varint(struct str *s, uint64_t value)
{
	do {
		str_putc(s, (char)(value > 127 ? value | 128 : value));
		value >>= 7;
	} while (value);
}

static void put_number(struct writer *w, enum pprof_field field, uint64_t value)
{
	put_varint(&w->buffer, (uint64_t)field << 3);
	put_varint(&w->buffer, value);
}

static void put_bytes(struct writer *w, enum pprof_field field, const void *data, size_t len)
{
	put_varint(&w->buffer, (uint64_t)field << 3 | 2);
	put_varint(&w->buffer, len);
	str_add(&w->buffer, data, len);
	pprof_write_flush(w, 60000);
}

static void put_message(struct writer *w, enum pprof_field field, const ProtobufCMessage *m)
{
	size_t len = protobuf_c_message_get_packed_size(m);

	array_reserve(w->scratch.text, w->scratch.cap, len);
	protobuf_c_message_pack(m, (uint8_t *)w->scratch.text);
	put_bytes(w, field, w->scratch.text, len);
}

static void put_type(struct writer *w, enum pprof_field field, const struct value_type *type)
{
	Pprof__ValueType m = PPROF__VALUE_TYPE__INIT;

	m.type = type->type;
	m.unit = type->unit;
	put_message(w, field, &m.base);
}

/* The samples (heap) so that neighbours' stacks are alike: that packs well and reads fast. */
static uint64_t *order_samples(const struct profile *p)
{
	auto_free uint32_t *place = stacks_order(&p->stacks);
	uint64_t *order = mem_array(p->n_samples, sizeof(*order));

	for (size_t i = 0; i < p->n_samples; i++) {
		stack_id stack = p->samples[i].stack;

		order[i] = (stack == NO_ID ? 0 : place[stack] + 1ull) << 32 | i;
	}
	qsort(order, p->n_samples, sizeof(*order), compare_u64);
	for (size_t i = 0; i < p->n_samples; i++)
		order[i] &= UINT32_MAX;
	return order;
}

static void pprof_write_put_samples(struct writer *w)
{
	const struct profile *p = w->p;
	auto_free uint64_t *order = order_samples(p);
	uint64_t *ids = NULL;
	Pprof__Label *labels = NULL, **label_list = NULL;
	size_t cap_ids = 0, cap_labels = 0, cap_list = 0;

	for (size_t k = 0; k < p->n_samples; k++) {
		size_t i = order[k];
		const struct label_set *set = &p->label_sets[p->samples[i].labels];
		Pprof__Sample m = PPROF__SAMPLE__INIT;
		frame_id program = NO_ID; /* the outermost frame of one */

		for (stack_id s = p->samples[i].stack; s != NO_ID;
		     s = stacks_parent(&p->stacks, s)) {
			frame_id frame = stacks_item(&p->stacks, s);

			array_reserve(ids, cap_ids, m.n_location_id + 1);
			ids[m.n_location_id++] = (uint64_t)frame + 1;
			w->marks[frame] |= IS_LOCATION;
			if (w->marks[frame] & IN_PROGRAM)
				program = frame;
		}
		if (program != NO_ID && p->n_types)
			sum_add(&w->programs[p->mappings[p->frames[program].mapping].filename],
				p->values[i * p->n_types]);
		array_reserve(labels, cap_labels, set->n);
		array_reserve(label_list, cap_list, set->n);
		for (size_t l = 0; l < set->n; l++) {
			const struct label *from = &p->labels[set->first + l];

			pprof__label__init(&labels[l]);
			labels[l].key = from->key;
			labels[l].str = from->text;
			labels[l].num = from->number;
			labels[l].num_unit = from->unit;
			label_list[l] = &labels[l];
		}
		m.location_id = ids;
		m.n_value = p->n_types;
		m.value = p->values + i * p->n_types;
		m.n_label = set->n;
		m.label = label_list;
		put_message(w, PPROF_SAMPLE, &m.base);
	}
	free(ids);
	free(labels);
	free(label_list);
}

static bool same_function(const void *ctx, uint32_t id, const void *key)
{
	const struct writer *w = ctx;
	const struct frame *a = &w->p->frames[w->functions[id]], *b = key;

	return a->function == b->function && a->system_name == b->system_name &&
	       a->file == b->file && a->start_line == b->start_line;
}

static uint64_t function_of(struct writer *w, frame_id id)
{
	const struct frame *f = &w->p->frames[id];
	uint64_t hash = hash_u64((uint64_t)f->function << 32 | f->system_name) ^
			hash_u64((uint64_t)f->file << 32 | f->start_line);
	uint32_t known;

	if (!f->function)
		return 0;
	if (w->function_of[id])
		return w->function_of[id];
	known = map_find(&w->function_map, hash, same_function, w, f);
	if (known == NO_ID) {
		array_reserve(w->functions, w->cap_functions, w->n_functions + 1);
		known = (uint32_t)w->n_functions;
		w->functions[w->n_functions++] = id;
		map_add(&w->function_map, hash, known);
	}
	return w->function_of[id] = known + 1;
}

static void put_location(struct writer *w, frame_id outer)
{
	const struct frame *frames = w->p->frames;
	Pprof__Location m = PPROF__LOCATION__INIT;

	m.id = (uint64_t)outer + 1;
	m.mapping_id = frames[outer].mapping == NO_ID ? 0 : (uint64_t)frames[outer].mapping + 1;
	m.address = frames[outer].address;
	m.position = frames[outer].position;
	m.is_cut = frames[outer].is_cut;
	if (frames[outer].kind != frame_kind_of(w->p, &frames[outer]))
		m.kind = frames[outer].kind + 1u;
	for (frame_id id = outer; id != NO_ID; id = frames[id].inner) {
		if (!frames[id].function)
			continue;
		array_reserve(w->lines, w->cap_lines, m.n_line + 1);
		pprof__line__init(&w->lines[m.n_line]);
		w->lines[m.n_line].function_id = function_of(w, id);
		w->lines[m.n_line++].line = frames[id].line;
	}
	/* The innermost one is written first. */
	array_reserve(w->line_list, w->cap_line_list, m.n_line);
	for (size_t i = 0; i < m.n_line; i++)
		w->line_list[m.n_line - 1 - i] = &w->lines[i];
	m.line = w->line_list;
	put_message(w, PPROF_LOCATION, &m.base);
}

static void pprof_write_put_functions(struct writer *w)
{
	for (size_t i = 0; i < w->n_functions; i++) {
		const struct frame *f = &w->p->frames[w->functions[i]];
		Pprof__Function m = PPROF__FUNCTION__INIT;

		m.id = i + 1;
		m.name = f->function;
		m.system_name = f->system_name;
		m.filename = f->file;
		m.start_line = f->start_line;
		put_message(w, PPROF_FUNCTION, &m.base);
	}
}

static void put_mapping(struct writer *w, size_t i)
{
	const struct mapping *from = &w->p->mappings[i];
	Pprof__Mapping m = PPROF__MAPPING__INIT;

	m.id = i + 1;
	m.memory_start = from->start;
	m.memory_limit = from->limit;
	m.file_offset = from->offset;
	m.filename = from->filename;
	m.build_id = from->build_id;
	m.has_functions = from->has_functions;
	m.has_filenames = from->has_filenames;
	m.has_line_numbers = from->has_lines;
	m.has_inline_frames = from->has_inlines;
	m.owner = from->owner;
	put_message(w, PPROF_MAPPING, &m.base);
}

static bool is_program(const struct profile *p, const struct mapping *m)
{
	const char *name = profile_text(p, m->filename);

	return name[0] == '/' && !strstr(name, ".so");
}

static void mark_programs(struct writer *w)
{
	const struct profile *p = w->p;

	for (size_t i = 0; i < p->n_mappings; i++)
		w->is_program[i] = is_program(p, &p->mappings[i]);
	for (frame_id f = 0; f < p->n_frames; f++)
		if (p->frames[f].mapping != NO_ID && w->is_program[p->frames[f].mapping])
			w->marks[f] = IN_PROGRAM;
}

/* Readers take the first mapping for the main program: that with most of the samples. */
static void put_mappings(struct writer *w)
{
	const struct profile *p = w->p;
	const struct mapping *all = p->mappings;
	size_t main = SIZE_MAX;

	for (size_t i = 0; i < p->n_mappings; i++)
		if (w->is_program[i] &&
		    (main == SIZE_MAX ||
		     w->programs[all[i].filename] > w->programs[all[main].filename]))
			main = i;
	if (main != SIZE_MAX)
		put_mapping(w, main);
	for (size_t i = 0; i < p->n_mappings; i++)
		if (i != main)
			put_mapping(w, i);
}

static void pprof_write_put_all(struct writer *w)
{
	const struct profile *p = w->p;

	for (size_t i = 0; i < p->n_types; i++)
		put_type(w, PPROF_SAMPLE_TYPE, &p->types[i]);
	pprof_write_put_samples(w);
	put_mappings(w);
	for (frame_id f = 0; f < p->n_frames; f++)
		if (w->marks[f] & IS_LOCATION)
			put_location(w, f);
	pprof_write_put_functions(w);
	for (size_t i = 0; i < p->strings.n; i++)
		put_bytes(w, PPROF_STRING, p->strings.texts[i], strlen(p->strings.texts[i]));
	if (p->drop_frames)
		put_number(w, PPROF_DROP_FRAMES, p->drop_frames);
	if (p->keep_frames)
		put_number(w, PPROF_KEEP_FRAMES, p->keep_frames);
	put_number(w, PPROF_TIME, (uint64_t)p->time_ns);
	put_number(w, PPROF_DURATION, (uint64_t)p->duration_ns);
	if (p->period_type.type)
		put_type(w, PPROF_PERIOD_TYPE, &p->period_type);
	put_number(w, PPROF_PERIOD, (uint64_t)p->period);
	for (size_t i = 0; i < p->n_comments; i++)
		put_number(w, PPROF_COMMENT, p->comments[i]);
	if (p->n_types && p->default_type != p->n_types - 1)
		put_number(w, PPROF_DEFAULT_TYPE, p->types[p->default_type].type);
	pprof_write_flush(w, 0);
}

int pprof_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct writer w = {.p = p};

	(void)o;
	w.gz = gzip_writer_new(fd);
	w.is_program = mem_array(p->n_mappings, sizeof(*w.is_program));
	w.marks = mem_alloc(p->n_frames + 1);
	w.programs = mem_array(p->strings.n, sizeof(*w.programs));
	mark_programs(&w);
	w.function_of = mem_array(p->n_frames + 1, sizeof(*w.function_of));
	pprof_write_put_all(&w);
	if (!w.code)
		w.code = gzip_finish(w.gz);
	gzip_writer_free(w.gz);
	str_release(&w.buffer);
	str_release(&w.scratch);
	free(w.lines);
	free(w.line_list);
	map_release(&w.function_map);
	free(w.is_program);
	free(w.marks);
	free(w.programs);
	free(w.function_of);
	free(w.functions);
	return w.code ? err_set(err, w.code, "cannot write the profile") : 0;
}
