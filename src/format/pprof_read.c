/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads pprof files, whoever wrote them. */
#include "base/demangle.h"
#include "base/mem.h"
#include "format/format.h"
#include "format/pprof.h"
#include "format/pprof_prune.h"
#include "format/pprof_wire.h"
#include "profile/intake.h"

#include "profile.pb-c.h"

#include <errno.h>
#include <string.h>

enum {
	MAX_TABLE = 8 << 20,
	MAX_STRINGS = 64 << 20,
	MAX_LEVELS = 4096, /* of what is inlined at one location */
	MAX_MESSAGE_BYTES =
		4 << 20,        /* of one sample or location, which unpacks to many times that */
	MAX_INLINED = 64 << 20, /* levels of all stacks, beyond one a frame */
	MAX_COMMENTS = 4096,
	MAX_STRING_BYTES = 1 << 20,
	MAX_SAMPLE_LABELS = 128,
	MAX_LABELS = 16 << 20, /* of all sets of them */
};

struct pprof_function {
	string_id name, system_name, file;
	uint32_t start_line;
};

struct location {
	frame_id frame;
	uint32_t levels; /* with what is inlined */
	uint8_t drops;   /* of the stacks that have it */
};

/* What a location leaves out of the stacks that it is in. */
enum {
	DROPS_NOTHING,
	DROPS_BELOW, /* what it calls */
	DROPS_ALL,   /* itself too */
};

/* Of the sample being read. */
struct sample_parts {
	struct numbers locations, values;
	struct label *labels;
	size_t n_labels, cap_labels;
};

struct reader {
	struct profile *p;
	struct err *err;
	string_id *strings; /* of the file -> of the profile */
	size_t n_strings, cap_strings;
	struct pprof_function *functions;
	size_t n_functions, cap_functions;
	struct map64 function_ids, mapping_ids, location_ids;
	uint32_t *location_at; /* of ids below MAX_TABLE, which most are; + 1, 0: none */
	size_t cap_location_at;
	struct location *locations;
	size_t n_locations, cap_locations;
	struct sample_parts sample;
	frame_id *frames; /* of its stack */
	size_t cap_frames;
	struct intake intake;
	struct pruning *pruning;
	uint64_t default_type;
};

static int damaged(struct reader *r, const char *what)
{
	return err_set(r->err, 0, "%s", what);
}

static bool get_string(const struct reader *r, int64_t index, string_id *ret)
{
	if (index < 0 || (uint64_t)index >= r->n_strings)
		return false;
	*ret = r->strings[index];
	return true;
}

static int add_string(struct reader *r, const struct field *f)
{
	if (r->n_strings == MAX_STRINGS)
		return damaged(r, "too many strings");
	array_reserve(r->strings, r->cap_strings, r->n_strings + 1);
	if (f->value > MAX_STRING_BYTES)
		account_skip(&r->p->account, 0, f->value - MAX_STRING_BYTES,
			     "text beyond 1 MiB of a name", "a string");
	r->strings[r->n_strings++] = strings_add_n(&r->p->strings, (const char *)f->bytes,
						   MIN(f->value, (uint64_t)MAX_STRING_BYTES));
	return 0;
}

static int read_type(struct reader *r, const struct field *f, struct value_type *ret)
{
	Pprof__ValueType *m = pprof__value_type__unpack(NULL, f->value, f->bytes);
	bool ok = m && get_string(r, m->type, &ret->type) && get_string(r, m->unit, &ret->unit);

	if (m)
		pprof__value_type__free_unpacked(m, NULL);
	return ok ? 0 : damaged(r, "a value type is damaged");
}

static int add_type(struct reader *r, const struct field *f)
{
	if (r->p->n_types == MAX_VALUE_TYPES)
		return damaged(r, "more than 256 value types");
	return read_type(r, f, &r->p->types[r->p->n_types++]);
}

static int add_mapping(struct reader *r, const struct field *f)
{
	Pprof__Mapping *m = pprof__mapping__unpack(NULL, f->value, f->bytes);
	struct mapping to = {0};
	bool ok = m && m->id && m->id != UINT64_MAX && r->p->n_mappings < MAX_TABLE &&
		  get_string(r, m->filename, &to.filename) &&
		  get_string(r, m->build_id, &to.build_id);

	if (ok) {
		to.start = m->memory_start;
		to.limit = m->memory_limit;
		to.offset = m->file_offset;
		to.has_functions = m->has_functions;
		to.has_filenames = m->has_filenames;
		to.has_lines = m->has_line_numbers;
		to.has_inlines = m->has_inline_frames;
		to.owner = (uint32_t)MIN(m->owner, (uint64_t)UINT32_MAX);
		map64_set(&r->mapping_ids, m->id, profile_add_mapping(r->p, &to));
	}
	if (m)
		pprof__mapping__free_unpacked(m, NULL);
	return ok ? 0 : damaged(r, "a mapping is damaged");
}

/* Writers may leave one of the names out, and may leave the other one mangled. */
static void name_function(struct reader *r, struct pprof_function *fn)
{
	auto_free char *readable = NULL;

	if (!fn->name)
		fn->name = fn->system_name;
	if (!fn->system_name)
		fn->system_name = fn->name;
	if (fn->name == fn->system_name)
		readable = demangle(profile_raw(r->p, fn->system_name), false);
	if (readable)
		fn->name = strings_add(&r->p->strings, readable);
}

static int pprof_read_add_function(struct reader *r, const struct field *f)
{
	Pprof__Function *m = pprof__function__unpack(NULL, f->value, f->bytes);
	struct pprof_function to = {0};
	bool ok = m && m->id && m->id != UINT64_MAX && r->n_functions < MAX_TABLE &&
		  get_string(r, m->name, &to.name) &&
		  get_string(r, m->system_name, &to.system_name) &&
		  get_string(r, m->filename, &to.file);

	if (ok) {
		name_function(r, &to);
		to.start_line = m->start_line > 0 && m->start_line < UINT32_MAX
					? (uint32_t)m->start_line
					: 0;
		array_reserve(r->functions, r->cap_functions, r->n_functions + 1);
		map64_set(&r->function_ids, m->id, r->n_functions);
		r->functions[r->n_functions++] = to;
	}
	if (m)
		pprof__function__free_unpacked(m, NULL);
	return ok ? 0 : damaged(r, "a function is damaged");
}

static frame_id pprof_read_add_frame(struct reader *r, const Pprof__Location *m, struct frame *f)
{
	const char *name = profile_raw(r->p, f->function);
	bool is_said = m->kind && m->kind <= N_FRAME_KINDS;

	f->kind = is_said ? (uint8_t)(m->kind - 1) : (uint8_t)frame_kind_of(r->p, f);
	f->named = *name && !name_is_placeholder(name);
	return profile_add_frame(r->p, f);
}

static void pprof_read_set_placeholder(struct reader *r, struct frame *f)
{
	auto_free char *text = frame_placeholder(
		f->mapping == NO_ID ? "unknown" : profile_module(r->p, f), frame_offset(r->p, f));

	f->function = f->system_name = strings_add(&r->p->strings, text);
}

/* The functions of a location's lines; those to be dropped, which are the inner ones up to the
 * outermost that matches, are left out: returns how many. */
static size_t drop_lines(struct reader *r, const Pprof__Location *m, uint8_t *ret_drops)
{
	uint64_t index;

	/* A location that was cut when it was read before goes on to end stacks. */
	*ret_drops = m->is_cut ? DROPS_BELOW : DROPS_NOTHING;
	for (size_t i = m->n_line; i-- > 0;) {
		if (!map64_find(&r->function_ids, m->line[i]->function_id, &index) ||
		    !pruning_drops(r->pruning, r->functions[index].name))
			continue;
		/* The outermost: the location goes as a whole, where it goes. */
		*ret_drops = i + 1 == m->n_line ? DROPS_ALL : DROPS_BELOW;
		return *ret_drops == DROPS_ALL ? 0 : i + 1;
	}
	return 0;
}

/* The frame of a location, with what is inlined there. */
static int location_frame(struct reader *r, const Pprof__Location *m, struct location *ret)
{
	struct frame f = {
		.mapping = NO_ID, .inner = NO_ID, .address = m->address, .position = m->position};
	uint64_t index;

	/* One that is not there is none, as in 'go tool pprof'. */
	if (m->mapping_id && map64_find(&r->mapping_ids, m->mapping_id, &index))
		f.mapping = (mapping_id)index;
	if (!m->n_line) {
		pprof_read_set_placeholder(r, &f);
		ret->frame = pprof_read_add_frame(r, m, &f);
	}
	for (size_t i = drop_lines(r, m, &ret->drops); i < m->n_line; i++) {
		const struct pprof_function *fn;

		if (!map64_find(&r->function_ids, m->line[i]->function_id, &index))
			return damaged(r, "a location names a function that is not there");
		fn = &r->functions[index];
		f.function = fn->name;
		f.system_name = fn->system_name;
		if (!fn->name)
			pprof_read_set_placeholder(r, &f);
		f.file = fn->file;
		f.start_line = fn->start_line;
		f.line = m->line[i]->line > 0 && m->line[i]->line < UINT32_MAX
				 ? (uint32_t)m->line[i]->line
				 : 0;
		f.inlined = i + 1 < m->n_line;
		f.is_cut = !f.inlined && ret->drops == DROPS_BELOW;
		ret->frame = f.inner = pprof_read_add_frame(r, m, &f);
		ret->levels++;
	}
	return 0;
}

static void set_location(struct reader *r, uint64_t id, size_t location)
{
	size_t had = r->cap_location_at;

	if (id >= MAX_TABLE) {
		map64_set(&r->location_ids, id, location);
		return;
	}
	array_reserve(r->location_at, r->cap_location_at, id + 1);
	memset(r->location_at + had, 0, (r->cap_location_at - had) * sizeof(*r->location_at));
	r->location_at[id] = (uint32_t)location + 1;
}

/* NULL: there is none. */
static const struct location *find_location(const struct reader *r, uint64_t id)
{
	uint64_t location;

	if (id < MAX_TABLE)
		return id < r->cap_location_at && r->location_at[id]
			       ? &r->locations[r->location_at[id] - 1]
			       : NULL;
	return map64_find(&r->location_ids, id, &location) ? &r->locations[location] : NULL;
}

static int add_location(struct reader *r, const struct field *f)
{
	Pprof__Location *m = pprof__location__unpack(NULL, f->value, f->bytes);
	struct location to = {.frame = NO_ID};
	int code;

	if (!m || !m->id || m->id == UINT64_MAX || m->n_line > MAX_LEVELS ||
	    r->n_locations == MAX_TABLE || r->p->n_frames > UINT32_MAX / 2) {
		code = damaged(r, "a location is damaged");
	} else {
		code = location_frame(r, m, &to);
		to.levels = MAX(to.levels, 1u);
		array_reserve(r->locations, r->cap_locations, r->n_locations + 1);
		set_location(r, m->id, r->n_locations);
		r->locations[r->n_locations++] = to;
	}
	if (m)
		pprof__location__free_unpacked(m, NULL);
	return code;
}

/* How many frames of a stack, from the leaf on, are to be dropped: from the first location, seen
 * from the root, that drops something, but for what comes before all others. */
static size_t dropped_frames(const struct reader *r, const uint64_t *locations, size_t n)
{
	bool found_other = false;

	while (r->pruning && n-- > 0) {
		uint8_t drops = find_location(r, locations[n])->drops;

		if (drops == DROPS_NOTHING)
			found_other = true;
		else if (found_other)
			return drops == DROPS_ALL ? n + 1 : n;
	}
	return 0;
}

/* The frames of a sample's stack, with the leaf first. */
static int sample_frames(struct reader *r, const uint64_t *locations, size_t n)
{
	uint64_t levels = 0;

	array_reserve(r->frames, r->cap_frames, n);
	for (size_t i = 0; i < n; i++) {
		const struct location *l = find_location(r, locations[i]);

		if (!l)
			return damaged(r, "a sample names a location that is not there");
		r->frames[i] = l->frame;
		levels += l->levels;
	}
	return levels > INTAKE_MAX_FRAMES ? damaged(r, "a stack is deeper than 65,536 frames") : 0;
}

/* Stacks are few bytes each; with all that is inlined in them they may be too many. */
static int check_inlined(struct reader *r)
{
	auto_free uint32_t *levels = mem_array(r->p->n_frames, sizeof(*levels));
	uint64_t inlined = 0;

	for (size_t i = 0; i < r->n_locations; i++) {
		levels[r->locations[i].frame] = r->locations[i].levels - 1;
		inlined += r->locations[i].levels - 1;
	}
	if (!inlined)
		return 0;
	inlined = 0;
	stacks_each(&r->p->stacks, s) inlined += levels[stacks_item(&r->p->stacks, s)];
	return inlined > MAX_INLINED ? damaged(r, "there are too many inlined functions in it") : 0;
}

static bool sample_label(const struct reader *r, const struct field *f, struct label *ret)
{
	int64_t key = 0, text = 0, unit = 0;
	struct field part;
	size_t at = 0;
	bool bad = false;

	*ret = (struct label){0};
	while (next_field(f->bytes, f->value, &at, &part, &bad)) {
		switch (part.number) {
		case PPROF_LABEL_KEY:
			key = (int64_t)part.value;
			break;
		case PPROF_LABEL_TEXT:
			text = (int64_t)part.value;
			break;
		case PPROF_LABEL_NUMBER:
			ret->number = (int64_t)part.value;
			break;
		case PPROF_LABEL_UNIT:
			unit = (int64_t)part.value;
			break;
		default:
			break;
		}
	}
	return !bad && get_string(r, key, &ret->key) && get_string(r, text, &ret->text) &&
	       get_string(r, unit, &ret->unit);
}

/* One more label of the sample. One without a name says nothing. */
static bool add_label(struct reader *r, const struct field *f)
{
	struct sample_parts *s = &r->sample;
	struct label label;

	if (!sample_label(r, f, &label))
		return false;
	if (!label.key)
		return true;
	if (s->n_labels == MAX_SAMPLE_LABELS || r->p->n_labels >= MAX_LABELS) {
		account_skip(&r->p->account, 0, f->value,
			     "labels beyond 128 of a sample, or 16 million in all", "a sample");
		return true;
	}
	array_reserve(s->labels, s->cap_labels, s->n_labels + 1);
	s->labels[s->n_labels++] = label;
	return true;
}

/* Samples are read by hand: there are many, and each is little but numbers. */
static int pprof_read_add_sample(struct reader *r, const struct field *f)
{
	struct sample_parts *s = &r->sample;
	struct field part;
	size_t at = 0, dropped;
	bool bad = false, ok = true;

	s->locations.n = s->values.n = s->n_labels = 0;
	while (ok && next_field(f->bytes, f->value, &at, &part, &bad)) {
		if (part.number == PPROF_SAMPLE_LOCATION) {
			ok = take_numbers(&part, &s->locations);
		} else if (part.number == PPROF_SAMPLE_VALUE) {
			ok = take_numbers(&part, &s->values);
		} else if (part.number == PPROF_SAMPLE_LABEL && part.is_bytes) {
			ok = add_label(r, &part);
		}
	}
	if (!ok || bad)
		return damaged(r, "a sample is damaged");
	if (s->values.n != r->p->n_types)
		return damaged(r,
			       "a sample has another number of values than there are value types");
	if (sample_frames(r, s->locations.all, s->locations.n))
		return r->err->code;
	dropped = dropped_frames(r, s->locations.all, s->locations.n);
	if (!intake_add(&r->intake, dropped ? r->frames + dropped : r->frames,
			s->locations.n - dropped, profile_add_labels(r->p, s->labels, s->n_labels),
			(const int64_t *)s->values.all))
		return damaged(r, INTAKE_FULL);
	return 0;
}

static int add_number(struct reader *r, const struct field *f)
{
	string_id comment;

	switch (f->number) {
	case PPROF_TIME:
		r->p->time_ns = (int64_t)f->value;
		break;
	case PPROF_DURATION:
		r->p->duration_ns = (int64_t)f->value;
		break;
	case PPROF_PERIOD:
		r->p->period = (int64_t)f->value;
		break;
	case PPROF_DEFAULT_TYPE:
		r->default_type = f->value;
		break;
	case PPROF_DROP_FRAMES:
		if (!get_string(r, (int64_t)f->value, &r->p->drop_frames))
			return damaged(r, "drop_frames is damaged");
		break;
	case PPROF_KEEP_FRAMES:
		if (!get_string(r, (int64_t)f->value, &r->p->keep_frames))
			return damaged(r, "keep_frames is damaged");
		break;
	case PPROF_COMMENT:
		if (!get_string(r, (int64_t)f->value, &comment))
			return damaged(r, "a comment is damaged");
		if (r->p->n_comments < MAX_COMMENTS)
			profile_add_comment_id(r->p, comment);
		break;
	default:
		break;
	}
	return 0;
}

/* Packed numbers of a repeated field (comments may come so). */
static int add_packed(struct reader *r, const struct field *f)
{
	struct field one = {.number = f->number};

	for (size_t at = 0; at < f->value;) {
		if (!take_varint(f->bytes, f->value, &at, &one.value))
			return damaged(r, "a field is damaged");
		if (add_number(r, &one))
			return r->err->code;
	}
	return 0;
}

/* A message of a kind refers to earlier passes only, whatever their order in the file. */
static int pass_of(const struct field *f)
{
	switch (f->number) {
	case PPROF_STRING:
		return 0;
	case PPROF_SAMPLE_TYPE:
	case PPROF_PERIOD_TYPE:
	case PPROF_MAPPING:
	case PPROF_FUNCTION:
	case PPROF_DROP_FRAMES:
	case PPROF_KEEP_FRAMES:
	case PPROF_COMMENT:
	case PPROF_TIME:
	case PPROF_DURATION:
	case PPROF_PERIOD:
	case PPROF_DEFAULT_TYPE:
		return 1;
	case PPROF_LOCATION:
		return 2;
	case PPROF_SAMPLE:
		return 3;
	default:
		return -1;
	}
}

static int add_field(struct reader *r, const struct field *f)
{
	if (!f->is_bytes)
		return add_number(r, f);
	if (f->number != PPROF_STRING && f->number != PPROF_COMMENT && f->value > MAX_MESSAGE_BYTES)
		return damaged(r, "a message is larger than 4 MiB");
	switch (f->number) {
	case PPROF_STRING:
		return add_string(r, f);
	case PPROF_SAMPLE_TYPE:
		return add_type(r, f);
	case PPROF_PERIOD_TYPE:
		return read_type(r, f, &r->p->period_type);
	case PPROF_MAPPING:
		return add_mapping(r, f);
	case PPROF_FUNCTION:
		return pprof_read_add_function(r, f);
	case PPROF_LOCATION:
		return add_location(r, f);
	case PPROF_SAMPLE:
		return pprof_read_add_sample(r, f);
	default:
		return add_packed(r, f);
	}
}

static int read_pass(struct reader *r, const uint8_t *data, size_t len, int pass)
{
	struct field f;
	size_t at = 0;
	bool bad = false;

	while (next_field(data, len, &at, &f, &bad))
		if (pass_of(&f) == pass && add_field(r, &f))
			return r->err->code;
	return bad ? damaged(r, "the protobuf data is damaged or cut short") : 0;
}

int pprof_read(const void *data, size_t len, struct profile *p, struct err *err)
{
	struct reader r = {.p = p, .err = err, .intake.p = p};
	int code = 0;

	for (int pass = 0; pass < 4 && !code; pass++) {
		if (pass == 3 && !p->n_types)
			code = damaged(&r, "there is no value type in it");
		else
			code = read_pass(&r, data, len, pass);
		if (pass == 1 && !code)
			r.pruning = pruning_new(p);
	}
	if (!intake_finish(&r.intake) && !code)
		code = damaged(&r, INTAKE_FULL);
	if (!code)
		code = check_inlined(&r);
	if (!code) {
		p->default_type = p->n_types - 1;
		for (size_t i = p->n_types; i-- > 0;) /* of two of one name it is the first */
			if (r.default_type && r.default_type < r.n_strings &&
			    p->types[i].type == r.strings[r.default_type])
				p->default_type = i;
	}
	free(r.strings);
	free(r.functions);
	free(r.locations);
	free(r.frames);
	free(r.sample.locations.all);
	free(r.sample.values.all);
	free(r.sample.labels);
	map64_release(&r.function_ids);
	map64_release(&r.mapping_ids);
	map64_release(&r.location_ids);
	free(r.location_at);
	pruning_free(r.pruning);
	return code;
}
