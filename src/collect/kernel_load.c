/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the BPF object. */
#include "collect/kernel_load.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/kernel_name.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "cprof.skel.h"
#include "cprof_old.skel.h"
#pragma GCC diagnostic pop

#define STORE_ARENA_BYTES (256ull << 20) /* of addresses; pages come when they are written */
#define STORE_ARRAY_BYTES (32u << 20)
#define STORE_SMALL_BYTES (2u << 20)
#define STORE_NONE_BYTES  4096u /* without tables: verified all the same */

struct loading {
	const struct kernel_options *o;
	int n_cpus;
	struct refusal_log log;
	struct kernel_loaded *to;
};

static int choose_programs(const struct loading *l)
{
	kernel_name_choose(l->to->object->progs.kernel_name);
	for (size_t i = 0; i < l->o->n_programs; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(
			l->to->object->obj, l->o->programs[i].name);

		if (!program)
			return -ENOENT;
		bpf_program__set_autoload(program, true);
	}
	return 0;
}

static size_t store_bytes(const struct config *config, const struct way *way)
{
	if (!config->by_tables)
		return STORE_NONE_BYTES;
	if (way->arena)
		return STORE_ARENA_BYTES;
	return way->small ? STORE_SMALL_BYTES : STORE_ARRAY_BYTES;
}

/* The store and the cache of rules are made as large as they shall be, and as `store_mask` says:
 * verifiers look at global functions that nobody calls, too. */
static int size_store(const struct loading *l, const struct way *way)
{
	struct cprof *object = l->to->object;
	struct bpf_map *arena = object->maps.store_arena, *array = object->maps.store_array;
	int code = 0;

	bpf_map__set_autocreate(arena, way->arena);
	if (l->o->config.by_tables)
		code = bpf_map__set_max_entries(object->maps.rule_cache, (uint32_t)l->n_cpus);
	if (code)
		return code;
	if (!way->arena) /* behind the last offset there is room for a word */
		return bpf_map__set_value_size(array, (uint32_t)l->to->store_bytes + 64);
	code = bpf_map__set_map_extra(arena, STORE_ADDRESS);
	if (code)
		return code;
	return bpf_map__set_max_entries(
		arena, (uint32_t)(l->to->store_bytes / (size_t)sysconf(_SC_PAGESIZE)));
}

/* Keys are as long as the sources need them: a shorter one is hashed and compared sooner. */
static int size_keys(const struct loading *l)
{
	uint32_t bytes = l->o->config.long_keys ? sizeof(struct count_key) : COUNT_KEY_BYTES;
	int code = bpf_map__set_key_size(l->to->object->maps.counts_a, bytes);

	return code ? code : bpf_map__set_key_size(l->to->object->maps.counts_b, bytes);
}

/* Both objects have the same maps and variables, so that one skeleton serves. */
static int open_object(struct loading *l, bool old)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = l->log.text,
		    .kernel_log_size = l->log.bytes);
	struct cprof *object = calloc(1, sizeof(*object));

	if (!object || cprof__create_skeleton(object)) {
		cprof__destroy(object);
		return -ENOMEM;
	}
	if (old)
		object->skeleton->data = cprof_old__elf_bytes(&object->skeleton->data_sz);
	errno = 0;
	if (bpf_object__open_skeleton(object->skeleton, &opts)) {
		cprof__destroy(object);
		return errno ? -errno : -EINVAL;
	}
	l->to->object = object;
	return 0;
}

/* Before 6.1 sampling programs may only use maps that were allocated before. */
static void preallocate(struct cprof *object)
{
	struct bpf_map *const all[] = {object->maps.counts_a,    object->maps.counts_b,
				       object->maps.processes,   object->maps.seen,
				       object->maps.stack_roots, object->maps.targets};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		bpf_map__set_map_flags(all[i], 0);
}

/* Writes a number into the programs' constants. */
static int set_number(struct cprof *object, const struct source_setting *setting)
{
	const struct btf *btf = bpf_object__btf(object->obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_var_secinfo *var = section ? btf_var_secinfos(section) : NULL;

	for (unsigned n = section ? btf_vlen(section) : 0; n; n--, var++) {
		const struct btf_type *is = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, is->name_off), setting->name) != 0 ||
		    var->size != sizeof(setting->value))
			continue;
		memcpy((char *)object->rodata + var->offset, &setting->value, var->size);
		return 0;
	}
	return -ENOENT;
}

static int set_numbers(const struct loading *l)
{
	int code = 0;

	for (size_t i = 0; i < l->o->n_settings && !code; i++)
		code = set_number(l->to->object, &l->o->settings[i]);
	return code;
}

static int open_and_load(struct loading *l, const struct way *way)
{
	struct config config = l->o->config;
	int code;

	cprof__destroy(l->to->object);
	l->to->object = NULL;
	code = open_object(l, way->old);
	if (code)
		return code;
	config.store_is_arena = way->arena;
	l->to->store_bytes = store_bytes(&l->o->config, way);
	config.store_mask = (uint32_t)l->to->store_bytes - 1;
	memcpy((void *)&l->to->object->rodata->config, &config, sizeof(config));
	if (way->preallocate)
		preallocate(l->to->object);
	code = size_store(l, way);
	if (!code)
		code = size_keys(l);
	if (!code)
		code = choose_programs(l);
	if (!code)
		code = set_numbers(l);
	return code ? code : cprof__load(l->to->object);
}

/* Tells these programs from those of another cprof. */
static uint64_t programs_hash(void)
{
	size_t bytes = 0, old_bytes = 0;
	const void *all = cprof__elf_bytes(&bytes), *old = cprof_old__elf_bytes(&old_bytes);

	return hash_bytes(all, bytes) ^ hash_u64(hash_bytes(old, old_bytes));
}

static int load_by(struct loading *l, const struct way *way)
{
	uint64_t start = monotonic_ns();
	int code = open_and_load(l, way);

	log_debug("loading by way '%s': %s, %llu ms", way->name, code ? strerror(-code) : "done",
		  (unsigned long long)(monotonic_ns() - start) / 1000000);
	l->to->way = way;
	return code;
}

/* One way after the other, the likeliest first. When none works, `err` and what is returned are
 * about that one. */
static enum refusal load_in_order(struct loading *l, uint64_t build, struct err *err)
{
	const struct way *order[N_WAYS];
	size_t n = ways_in_order(l->o->config.by_tables, order);
	enum refusal refusal = REFUSAL_none;
	bool in_passing = false;
	int code = -EINVAL;

	for (size_t i = 0; i < n && code && code != -EPERM && code != -ENOSYS; i++) {
		code = load_by(l, order[i]);
		in_passing |= ways_failed_in_passing(code);
		if (code && !refusal)
			refusal = refusal_explain(code, refusal_log_text(&l->log), err);
		refusal_log_say(&l->log);
	}
	if (code)
		return refusal;
	if (!in_passing)
		ways_remember(build, l->o->config.by_tables, l->to->way);
	*err = (struct err){0};
	return REFUSAL_none;
}

enum refusal kernel_load(const struct kernel_options *o, int n_cpus, struct kernel_loaded *ret,
			 struct err *err)
{
	struct loading l = {.o = o, .n_cpus = n_cpus, .to = ret};
	uint64_t build = programs_hash();
	const struct way *known = ways_remembered(build, o->config.by_tables);
	enum refusal refusal = REFUSAL_none;

	refusal_log_init(&l.log);
	if (!known || load_by(&l, known))
		refusal = load_in_order(&l, build, err);
	refusal_log_release(&l.log);
	return refusal;
}
