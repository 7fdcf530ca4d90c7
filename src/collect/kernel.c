/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF object of a recording. */
#include "collect/kernel.h"

#include "base/authority.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/kernel_load.h"
#include "collect/kernel_name.h"
#include "collect/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "cprof.skel.h"
#pragma GCC diagnostic pop

enum { BATCH = 4096 };

#define SLOTS_BYTES (PROCESS_SLOTS * sizeof(struct process_slot))

struct kernel {
	struct cprof *object;
	struct ring_buffer *ring;
	struct bpf_link *links[MAX_SOURCE_PROGRAMS]; /* of `programs` */
	struct process_slot *slots;                  /* mapped */
	char *rule_cache;                            /* mapped */
	size_t rule_cache_bytes;
	const struct way *way;
	struct source_program programs[MAX_SOURCE_PROGRAMS];
	size_t n_programs;
	struct kernel_store store;
	bool store_is_libbpfs;
	int stats_fd; /* keeps run-time statistics on */
	int n_cpus;
	uint64_t seen_full; /* as of the last time `seen` was cleared */
	int name_fd; /* the program that names kernel addresses; -1: this kernel has no such kind */
	stack_visit *visit;
	void *visit_ctx;
	char *keys;
	struct count_value *values;
};

static int kernel_on_record(void *ctx, void *data, size_t bytes)
{
	struct kernel *k = ctx;
	const struct stack_record *r = data;

	uint32_t type;

	if (bytes < sizeof(type) || !k->visit)
		return 0;
	memcpy(&type, data, sizeof(type));
	if ((type == RECORD_PIECE && bytes >= sizeof(struct piece_record)) ||
	    (type == RECORD_CAPTURE && bytes >= sizeof(struct capture_record)) ||
	    (type == RECORD_ROOT && bytes >= sizeof(struct root_record)) ||
	    ((type == RECORD_USER_STACK || type == RECORD_KERNEL_STACK || type == RECORD_WITNESS) &&
	     bytes >= sizeof(*r) && bytes >= sizeof(*r) + ((size_t)r->n_frames + r->n_tail) * 8))
		k->visit(k->visit_ctx, data, bytes);
	return 0;
}

/* With -v: what the verifier had to do, which is most of the start-up time. */
static void log_verification(const struct kernel *k)
{
	for (size_t i = 0; i < k->n_programs; i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(kernel_program_fd(k, k->programs[i].name), &info, &len))
			log_debug("%s: %u instructions, %u verified", k->programs[i].name,
				  info.xlated_prog_len / 8, info.verified_insns);
	}
}

static int attach_at(struct kernel *k, size_t i, struct err *err)
{
	with_authority(BPF);
	struct bpf_program *program =
		bpf_object__find_program_by_name(k->object->obj, k->programs[i].name);

	k->links[i] = bpf_program__attach(program);
	return k->links[i] ? 0 : err_set(err, -errno, "%s", k->programs[i].failure);
}

/* n_programs: there is none of that name. */
static size_t program_at(const struct kernel *k, const char *name)
{
	size_t i = 0;

	while (i < k->n_programs && !str_equal(k->programs[i].name, name))
		i++;
	return i;
}

int kernel_attach(struct kernel *k, const char *name, struct err *err)
{
	size_t i = program_at(k, name);

	if (i == k->n_programs)
		return err_set(err, -ENOENT, "program %s", name);
	return k->links[i] ? 0 : attach_at(k, i, err);
}

void kernel_detach(struct kernel *k, const char *name)
{
	size_t i = program_at(k, name);

	if (i == k->n_programs)
		return;
	bpf_link__destroy(k->links[i]);
	k->links[i] = NULL;
	kernel_quiesce();
}

static int attach_all(struct kernel *k, struct err *err)
{
	for (size_t i = 0; i < k->n_programs; i++)
		if (k->programs[i].at_load && attach_at(k, i, err))
			return err->code;
	return 0;
}

static int store_map(struct kernel *k, struct err *err)
{
	bool arena = k->object->rodata->config.store_is_arena;
	int fd = bpf_map__fd(arena ? k->object->maps.store_arena : k->object->maps.store_array);

	k->store.memory =
		mmap(arena ? (void *)STORE_ADDRESS : NULL, k->store.bytes, PROT_READ | PROT_WRITE,
		     MAP_SHARED | (arena ? MAP_FIXED_NOREPLACE : 0), fd, 0);
	/* libbpf from 1.4 on has mapped an arena itself, and unmaps it too. */
	k->store_is_libbpfs = arena && k->store.memory == MAP_FAILED && errno == EEXIST;
	if (k->store_is_libbpfs)
		k->store.memory = (char *)STORE_ADDRESS;
	if (k->store.memory == MAP_FAILED) {
		k->store.memory = NULL;
		return err_set(err, -errno, "cannot map the store of unwind tables");
	}
	k->rule_cache_bytes = (size_t)k->n_cpus * sizeof(struct rule_cache);
	k->rule_cache = mmap(NULL, k->rule_cache_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			     bpf_map__fd(k->object->maps.rule_cache), 0);
	if (k->rule_cache != MAP_FAILED)
		return 0;
	k->rule_cache = NULL;
	return err_set(err, -errno, "cannot map the cache of unwind rules");
}

static int kernel_set_up(struct kernel *k, const struct kernel_options *o, struct err *err)
{
	uint32_t zero = 0, cgroup_fd = (uint32_t)o->cgroup_fd;

	if (o->config.by_cgroup && bpf_map_update_elem(bpf_map__fd(k->object->maps.targets_cgroup),
						       &zero, &cgroup_fd, BPF_ANY))
		return err_set(err, -errno, "cannot select by cgroup");
	k->slots = mmap(NULL, SLOTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(k->object->maps.slots), 0);
	if (k->slots == MAP_FAILED) {
		k->slots = NULL;
		return err_set(err, -errno, "cannot map a BPF map");
	}
	if (o->config.by_tables && store_map(k, err))
		return err->code;
	k->ring = ring_buffer__new(bpf_map__fd(k->object->maps.ring), kernel_on_record, k, NULL);
	if (!k->ring)
		return err_set(err, -errno, "cannot map the BPF ring");
	k->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	k->name_fd = kernel_name_fd(k->object->progs.kernel_name);
	return attach_all(k, err);
}

struct kernel *kernel_new(const struct kernel_options *o, enum refusal *ret_refusal,
			  struct err *err)
{
	with_authority(BPF);
	struct kernel *k = mem_alloc(sizeof(*k));
	struct kernel_loaded loaded = {0};
	enum refusal refusal;

	k->stats_fd = k->name_fd = -1;
	k->n_cpus = libbpf_num_possible_cpus();
	memcpy(k->programs, o->programs, o->n_programs * sizeof(*o->programs));
	k->n_programs = o->n_programs;
	libbpf_log();
	refusal = kernel_load(o, k->n_cpus, &loaded, err);
	k->object = loaded.object;
	k->way = loaded.way;
	k->store.bytes = loaded.store_bytes;
	if (ret_refusal)
		*ret_refusal = refusal;
	if (!refusal) {
		log_verification(k);
		if (!kernel_set_up(k, o, err))
			return k;
	}
	kernel_free(k);
	return NULL;
}

const char *kernel_way(const struct kernel *k)
{
	return k->way->name;
}

int kernel_program_fd(const struct kernel *k, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(k->object->obj, name));
}

int kernel_wait_fd(const struct kernel *k)
{
	return ring_buffer__epoll_fd(k->ring);
}

int kernel_add_target(struct kernel *k, enum target_kind kind, uint32_t id)
{
	with_authority(BPF);
	struct target_key key = {.kind = kind, .id = id};
	uint8_t one = 1;

	if (bpf_map_update_elem(bpf_map__fd(k->object->maps.targets), &key, &one, BPF_NOEXIST))
		return errno == EEXIST ? 0 : -errno;
	__atomic_fetch_add(&k->object->bss->targets_alive, 1, __ATOMIC_RELAXED);
	return 0;
}

bool kernel_remove_target(struct kernel *k, enum target_kind kind, uint32_t id)
{
	with_authority(BPF);
	struct target_key key = {.kind = kind, .id = id};

	if (bpf_map_delete_elem(bpf_map__fd(k->object->maps.targets), &key))
		return false;
	__atomic_fetch_add(&k->object->bss->targets_alive, -1, __ATOMIC_RELAXED);
	return true;
}

uint32_t kernel_targets_alive(const struct kernel *k)
{
	int alive = __atomic_load_n(&k->object->bss->targets_alive, __ATOMIC_RELAXED);

	return alive > 0 ? (uint32_t)alive : 0;
}

void kernel_bump_generation(struct kernel *k, uint32_t tgid)
{
	__atomic_fetch_add(&k->slots[process_slot(tgid, 0)].generation, 1, __ATOMIC_RELAXED);
}

void kernel_answer_capture(struct kernel *k, uint32_t tgid, uint64_t exec_id, uint32_t pages)
{
	__atomic_fetch_sub(&k->slots[process_slot(tgid, exec_id)].captured_pages, pages,
			   __ATOMIC_RELAXED);
}

void kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx)
{
	k->visit = visit;
	k->visit_ctx = ctx;
	ring_buffer__consume(k->ring);
	k->visit = NULL;
}

uint32_t kernel_counts_used(const struct kernel *k)
{
	return __atomic_load_n(&k->object->bss->counts_used, __ATOMIC_RELAXED);
}

void kernel_flip_counts(struct kernel *k, bool quiet)
{
	__atomic_store_n(&k->object->bss->counts_index, !k->object->bss->counts_index,
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&k->object->bss->counts_used, 0, __ATOMIC_RELAXED);
	if (!quiet)
		kernel_quiesce();
}

void kernel_quiesce(void)
{
	/* Without membarrier (CONFIG_MEMBARRIER=n) a millisecond outlasts any program's run. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(1000);
}

/* -- unwind tables -- */

struct kernel_store kernel_store(const struct kernel *k)
{
	return k->store;
}

int kernel_set_process(struct kernel *k, uint32_t tgid, const struct process_maps *maps)
{
	with_authority(BPF);
	int fd = bpf_map__fd(k->object->maps.processes);

	if (!maps)
		return bpf_map_delete_elem(fd, &tgid) ? -errno : 0;
	return bpf_map_update_elem(fd, &tgid, maps, BPF_ANY) ? -errno : 0;
}

bool kernel_get_process(const struct kernel *k, uint32_t tgid, struct process_maps *ret)
{
	with_authority(BPF);
	return !bpf_map_lookup_elem(bpf_map__fd(k->object->maps.processes), &tgid, ret);
}

void kernel_set_root(struct kernel *k, uint32_t tid, const struct stack_root *root)
{
	with_authority(BPF);
	int fd = bpf_map__fd(k->object->maps.stack_roots);

	if (root)
		bpf_map_update_elem(fd, &tid, root, BPF_ANY);
	else
		bpf_map_delete_elem(fd, &tid);
}

bool kernel_has_root(const struct kernel *k, uint32_t tid)
{
	with_authority(BPF);
	struct stack_root root;

	return !bpf_map_lookup_elem(bpf_map__fd(k->object->maps.stack_roots), &tid, &root);
}

void kernel_forget_rules(struct kernel *k)
{
	memset(k->rule_cache, 0, k->rule_cache_bytes);
}

void kernel_set_epoch(struct kernel *k, uint32_t epoch)
{
	__atomic_store_n(&k->object->bss->store_epoch, epoch, __ATOMIC_RELAXED);
}

int kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx)
{
	with_authority(BPF);
	bool in_b = !k->object->bss->counts_index;
	struct bpf_map *map = in_b ? k->object->maps.counts_b : k->object->maps.counts_a;
	size_t key_bytes = bpf_map__key_size(map);
	uint32_t batch = 0, *in = NULL;
	int code;

	if (!k->keys) {
		k->keys = mem_array(BATCH, key_bytes);
		k->values = mem_array(BATCH, sizeof(*k->values));
	}
	for (;;) {
		struct count_key key = {0};
		uint32_t n = BATCH;

		code = bpf_map_lookup_and_delete_batch(bpf_map__fd(map), in, &batch, k->keys,
						       k->values, &n, NULL);
		if (code && code != -ENOENT)
			return code;
		for (uint32_t i = 0; i < n; i++) {
			memcpy(&key, k->keys + i * key_bytes, key_bytes);
			visit(ctx, &key, &k->values[i]);
		}
		if (code)
			return 0;
		in = &batch;
	}
}

static void add_stats(struct stats *to, const struct stats *from)
{
	to->taken += from->taken;
	to->seen_full += from->seen_full;
	for (int i = 0; i < N_DROPS; i++)
		to->drops[i] += from->drops[i];
	for (int i = 0; i < N_WALK_ENDS; i++)
		to->ends[i] += from->ends[i];
}

/* Adds what programs of a level have counted. */
static void read_stats(const struct kernel *k, uint32_t level, struct stats *ret)
{
	with_authority(BPF);
	auto_free struct stats *each = mem_array((size_t)k->n_cpus, sizeof(*each));

	if (bpf_map_lookup_elem(bpf_map__fd(k->object->maps.stats), &level, each))
		return;
	for (int cpu = 0; cpu < k->n_cpus; cpu++)
		add_stats(ret, &each[cpu]);
}

void kernel_stats(const struct kernel *k, struct stats *ret)
{
	*ret = (struct stats){0};
	for (uint32_t level = 0; level <= MAX_LEVELS; level++)
		read_stats(k, level, ret);
}

static void clear_seen(struct kernel *k)
{
	with_authority(BPF);
	int fd = bpf_map__fd(k->object->maps.seen);
	auto_free uint64_t *keys = mem_array(BATCH, sizeof(*keys));
	auto_free uint8_t *values = mem_array(BATCH, sizeof(*values));
	uint32_t batch = 0, *in = NULL, n;

	do {
		n = BATCH;
		if (bpf_map_lookup_and_delete_batch(fd, in, &batch, keys, values, &n, NULL))
			return;
		in = &batch;
	} while (n);
}

bool kernel_renew_seen(struct kernel *k)
{
	struct stats stats;

	kernel_stats(k, &stats);
	if (stats.seen_full == k->seen_full)
		return false;
	clear_seen(k);
	k->seen_full = stats.seen_full;
	return true;
}

bool kernel_name_address(void *kernel, uint64_t address, char *buf, size_t size)
{
	with_authority(BPF);
	struct kernel *k = kernel;

	return kernel_name_ask(k->name_fd, &k->object->bss->name_address, k->object->bss->name_text,
			       address, buf, size);
}

bool kernel_is_measured(const struct kernel *k)
{
	struct str text auto_release(str_release) = {0};

	/* To have it measured takes CAP_SYS_ADMIN; somebody else may have had it. */
	return k->stats_fd >= 0 || (!file_read("/proc/sys/kernel/bpf_stats_enabled", 64, &text) &&
				    text.len && text.text[0] == '1');
}

uint64_t kernel_run_ns(const struct kernel *k)
{
	with_authority(BPF);
	struct bpf_program *program = NULL;
	uint64_t ns = 0;

	while ((program = bpf_object__next_program(k->object->obj, program))) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
			ns += info.run_time_ns;
	}
	return ns;
}

void kernel_log_runs(const struct kernel *k)
{
	with_authority(BPF);
	struct stats nested = {0};

	for (size_t i = 0; i < k->n_programs; i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(kernel_program_fd(k, k->programs[i].name), &info,
					    &len) &&
		    info.run_cnt)
			log_debug("%s: %llu runs, %llu ns each", k->programs[i].name,
				  (unsigned long long)info.run_cnt,
				  (unsigned long long)(info.run_time_ns / info.run_cnt));
	}
	for (uint32_t level = 1; level < MAX_LEVELS; level++)
		read_stats(k, level, &nested);
	log_debug("%llu samples were taken while another program was at work",
		  (unsigned long long)nested.taken);
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	if (k->slots)
		munmap(k->slots, SLOTS_BYTES);
	if (k->store.memory && !k->store_is_libbpfs)
		munmap(k->store.memory, k->store.bytes);
	if (k->rule_cache)
		munmap(k->rule_cache, k->rule_cache_bytes);
	for (size_t i = 0; i < k->n_programs; i++)
		bpf_link__destroy(k->links[i]);
	ring_buffer__free(k->ring);
	if (k->stats_fd >= 0)
		close(k->stats_fd);
	cprof__destroy(k->object);
	free(k->keys);
	free(k->values);
	free(k);
}
