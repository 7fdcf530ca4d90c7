/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile: frames, mappings, label sets and samples. */
#include "profile/profile.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sum.h"

#include <string.h>

enum { MAX_REASONS = 20 }; /* of each kind, in the comments */

void profile_init(struct profile *p)
{
	memset(p, 0, sizeof(*p));
	p->owner = geteuid();
	strings_init(&p->strings);
}

void profile_release(struct profile *p)
{
	strings_release(&p->strings);
	stacks_release(&p->stacks);
	map_release(&p->frame_map);
	map_release(&p->label_map);
	map_release(&p->sample_map);
	free(p->frames);
	free(p->mappings);
	free(p->labels);
	free(p->label_sets);
	free(p->samples);
	free(p->values);
	free(p->comments);
	account_release(&p->account);
	memset(p, 0, sizeof(*p));
}

/* Makes room for one more value in every sample. */
static void widen(struct profile *p)
{
	size_t n = p->n_types;
	int64_t *wider = mem_array(p->n_samples * (n + 1), sizeof(*wider));

	for (size_t i = 0; i < p->n_samples * n; i++)
		wider[i / n * (n + 1) + i % n] = p->values[i];
	free(p->values);
	p->values = wider;
	p->cap_values = p->n_samples * (n + 1);
}

uint32_t profile_add_type(struct profile *p, const char *type, const char *unit)
{
	if (p->n_types == MAX_VALUE_TYPES)
		return NO_ID;
	if (p->n_samples)
		widen(p);
	p->types[p->n_types] =
		(struct value_type){strings_add(&p->strings, type), strings_add(&p->strings, unit)};
	return (uint32_t)p->n_types++;
}

mapping_id profile_add_mapping(struct profile *p, const struct mapping *m)
{
	array_reserve(p->mappings, p->cap_mappings, p->n_mappings + 1);
	p->mappings[p->n_mappings] = *m;
	return (mapping_id)p->n_mappings++;
}

uid_t profile_named_by(const struct profile *p, mapping_id mapping)
{
	uid_t ours = geteuid();
	uint32_t owner = mapping == NO_ID ? 0 : p->mappings[mapping].owner;

	if (p->trusted)
		return ours;
	if (p->owner && p->owner != ours)
		return p->owner;
	return owner ? owner - 1 : p->owner;
}

/* What tells frames apart, without padding. */
struct frame_key {
	uint64_t address, position;
	uint32_t function, system_name, file, mapping, line, start_line, kind, inlined, inner,
		is_cut;
};

static struct frame_key frame_key(const struct frame *f)
{
	return (struct frame_key){f->address, f->position, f->function, f->system_name,
				  f->file,    f->mapping,  f->line,     f->start_line,
				  f->kind,    f->inlined,  f->inner,    f->is_cut};
}

static bool frame_equal(const void *ctx, uint32_t id, const void *key)
{
	struct frame_key have = frame_key(&((const struct profile *)ctx)->frames[id]);

	return memcmp(&have, key, sizeof(have)) == 0;
}

frame_id profile_add_frame(struct profile *p, const struct frame *f)
{
	struct frame_key key = frame_key(f);
	uint64_t hash = hash_bytes(&key, sizeof(key));
	frame_id id = map_find(&p->frame_map, hash, frame_equal, p, &key);

	if (id != NO_ID)
		return id;
	array_reserve(p->frames, p->cap_frames, p->n_frames + 1);
	id = (frame_id)p->n_frames++;
	p->frames[id] = *f;
	map_add(&p->frame_map, hash, id);
	return id;
}

size_t profile_inlined(const struct profile *p, frame_id id, frame_id **ret)
{
	size_t n = 0, cap = 0;

	*ret = NULL;
	for (; id != NO_ID; id = p->frames[id].inner) {
		array_reserve(*ret, cap, n + 1);
		(*ret)[n++] = id;
	}
	return n;
}

frame_id profile_add_note(struct profile *p, const char *text)
{
	struct frame f = {.kind = FRAME_NOTE, .mapping = NO_ID, .inner = NO_ID, .named = true};

	f.function = f.system_name = strings_add(&p->strings, text);
	return profile_add_frame(p, &f);
}

struct label_key {
	const struct label *labels;
	size_t n;
};

static bool label_same(const struct label *a, const struct label *b)
{
	return a->key == b->key && a->text == b->text && a->number == b->number &&
	       a->unit == b->unit;
}

static bool label_set_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct profile *p = ctx;
	const struct label_set *set = &p->label_sets[id];
	const struct label_key *k = key;

	if (set->n != k->n)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (!label_same(&p->labels[set->first + i], &k->labels[i]))
			return false;
	return true;
}

string_id profile_task_name(struct profile *p, const char *name, size_t n, int64_t number)
{
	string_id id = strings_add_n(&p->strings, name, n);
	char text[24];

	if (id)
		return id;
	snprintf(text, sizeof(text), "%lld", (long long)number);
	return strings_add(&p->strings, text);
}

labels_id profile_add_labels(struct profile *p, const struct label *labels, size_t n)
{
	struct label_key key = {labels, n};
	uint64_t hash = n;
	labels_id id;

	for (size_t i = 0; i < n; i++) {
		hash = hash_u64(hash ^ ((uint64_t)labels[i].key << 32 | labels[i].text));
		hash = hash_u64(hash ^ (uint64_t)labels[i].number ^ (uint64_t)labels[i].unit << 32);
	}
	id = map_find(&p->label_map, hash, label_set_equal, p, &key);
	if (id != NO_ID)
		return id;
	array_reserve(p->labels, p->cap_labels, p->n_labels + n);
	if (n)
		memcpy(p->labels + p->n_labels, labels, n * sizeof(*labels));
	array_reserve(p->label_sets, p->cap_label_sets, p->n_label_sets + 1);
	id = (labels_id)p->n_label_sets++;
	p->label_sets[id] = (struct label_set){(uint32_t)p->n_labels, (uint32_t)n};
	p->n_labels += n;
	map_add(&p->label_map, hash, id);
	return id;
}

static bool sample_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct sample *a = &((const struct profile *)ctx)->samples[id], *b = key;

	return a->stack == b->stack && a->labels == b->labels;
}

static uint64_t sample_hash(const struct sample *s)
{
	return hash_u64((uint64_t)s->stack << 32 | s->labels);
}

/*
 * Files often bring their samples in the order of their stacks. As long as that holds, an equal one
 * is near the end, and the map can wait. Returns false when it cannot.
 */
static bool find_in_order(const struct profile *p, const struct sample *key, uint32_t *ret)
{
	enum { LOOK_BACK = 16 };
	size_t i = p->n_samples;

	*ret = NO_ID;
	/* NO_ID, no frames, is the largest: it comes last or not in order. */
	if (p->n_mapped && p->n_mapped == i)
		return false;
	for (size_t n = 0; i-- > p->n_mapped && p->samples[i].stack >= key->stack; n++) {
		if (p->samples[i].stack > key->stack || n == LOOK_BACK)
			return false;
		if (p->samples[i].labels == key->labels) {
			*ret = (uint32_t)i;
			return true;
		}
	}
	return p->n_mapped == 0;
}

static uint32_t find_sample(struct profile *p, const struct sample *key)
{
	uint32_t id;

	if (find_in_order(p, key, &id))
		return id;
	for (; p->n_mapped < p->n_samples; p->n_mapped++)
		map_add(&p->sample_map, sample_hash(&p->samples[p->n_mapped]),
			(uint32_t)p->n_mapped);
	return map_find(&p->sample_map, sample_hash(key), sample_equal, p, key);
}

void profile_add_sample(struct profile *p, stack_id stack, labels_id labels, const int64_t *values)
{
	struct sample key = {stack, labels};
	uint32_t id = find_sample(p, &key);
	int64_t *into;

	if (id == NO_ID) {
		array_reserve(p->samples, p->cap_samples, p->n_samples + 1);
		array_reserve(p->values, p->cap_values, (p->n_samples + 1) * p->n_types);
		id = (uint32_t)p->n_samples++;
		p->samples[id] = key;
		memset(p->values + id * p->n_types, 0, p->n_types * sizeof(*p->values));
	}
	if (!p->n_types)
		return;
	into = p->values + id * p->n_types;
	for (size_t i = 0; i < p->n_types; i++)
		sum_add(&into[i], values[i]);
}

void profile_stack_weights(const struct profile *p, int64_t *weights)
{
	for (size_t i = 0; i < p->n_samples; i++)
		if (p->samples[i].stack != NO_ID)
			sum_add(&weights[p->samples[i].stack], p->values[i * p->n_types]);
	stacks_sum_up(&p->stacks, weights);
}

void profile_add_comment_id(struct profile *p, string_id text)
{
	array_reserve(p->comments, p->cap_comments, p->n_comments + 1);
	p->comments[p->n_comments++] = text;
}

void profile_add_comment(struct profile *p, const char *text)
{
	profile_add_comment_id(p, strings_add(&p->strings, text));
}

const struct label *profile_label(const struct profile *p, labels_id labels, string_id key)
{
	const struct label_set *set = &p->label_sets[labels];

	for (size_t i = 0; i < set->n; i++)
		if (p->labels[set->first + i].key == key)
			return &p->labels[set->first + i];
	return NULL;
}

const char *profile_module(const struct profile *p, const struct frame *f)
{
	const char *path, *slash;

	if (f->mapping == NO_ID)
		return "";
	path = profile_text(p, p->mappings[f->mapping].filename);
	slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

char *frame_placeholder(const char *module, uint64_t offset)
{
	size_t bracket = module[0] == '[';

	/* [anon] and the like bring their own brackets. */
	return mem_printf("[%.*s+0x%llx]", (int)(strlen(module) - 2 * bracket), module + bracket,
			  (unsigned long long)offset);
}

bool name_is_placeholder(const char *name)
{
	return name[0] == '[' && strstr(name, "+0x") && str_ends(name, "]");
}

/* "jitted-123-45.so", which 'perf inject --jit' makes of a JIT's code. */
static bool is_jitted_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t pid, code;

	if (!str_starts(name, "jitted-"))
		return false;
	name += strlen("jitted-");
	pid = strspn(name, "0123456789");
	if (!pid || name[pid] != '-')
		return false;
	code = strspn(name + pid + 1, "0123456789");
	return code && str_equal(name + pid + 1 + code, ".so");
}

enum frame_kind frame_kind_of(const struct profile *p, const struct frame *f)
{
	const char *file =
		f->mapping == NO_ID ? "" : profile_text(p, p->mappings[f->mapping].filename);
	const char *name = profile_text(p, f->function);

	if (f->mapping == NO_ID && name[0] == '[' && !name_is_placeholder(name))
		return FRAME_NOTE;
	if (str_starts(file, "[kernel") || f->address >> 63)
		return FRAME_KERNEL;
	return str_equal(file, "[anon]") || str_equal(file, "[jit]") ||
			       str_starts(file, "//anon") || str_starts(file, "/tmp/perf-") ||
			       is_jitted_file(file)
		       ? FRAME_JIT
		       : FRAME_USER;
}

uint64_t frame_offset(const struct profile *p, const struct frame *f)
{
	const struct mapping *m = f->mapping == NO_ID ? NULL : &p->mappings[f->mapping];

	return m && m->start && f->address >= m->start ? f->address - m->start + m->offset
						       : f->address;
}

static void add_reasons(struct profile *p, const char *what, const struct account_reasons *reasons)
{
	for (size_t i = 0; i < reasons->n && i < MAX_REASONS; i++) {
		auto_free char *text =
			mem_printf("%s: %llu: %s", what, (unsigned long long)reasons->rows[i].count,
				   reasons->rows[i].text);

		profile_add_comment(p, text);
	}
}

void profile_add_account(struct profile *p)
{
	struct str text auto_release(str_release) = {0};

	account_line(&p->account, &text);
	profile_add_comment(p, text.text);
	add_reasons(p, "lost", &p->account.lost_by_reason);
	add_reasons(p, "cut", &p->account.cut_by_reason);
	add_reasons(p, "named", &p->account.named_by);
}
