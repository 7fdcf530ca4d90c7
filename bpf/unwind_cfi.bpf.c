// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks user stacks by unwind tables, and by frame pointers where there are none.
 *
 * Most steps find their rule in a cache of the CPU by address; the tables are searched for the
 * rest, and by programs that interrupt others: the cache is the first level's alone, so that nobody
 * rewrites a line between its tag and its rule.
 */
#include "unwind.h"

#include "abi/config.h"
#include "store.h"
#include "window.h"

extern struct processes_map processes SEC(".maps");
extern struct rule_cache_map rule_cache SEC(".maps");
extern const volatile struct config config;
extern __u32 store_epoch;

#define STEP_CONTEXT               struct user_scratch *
#define STEP_WORD(s, address, ret) word_read(s, address, ret)
#define STEP_CODE(s, address, ret) code_read(address, ret)
#define STEP_UCONTEXT(s, address, registers)                                                       \
	bpf_probe_read_user(registers, UCONTEXT_BYTES, (void *)(address))

/* Saved registers lie up to this much below the return address: one window shall hold both. */
#define SAVED_BYTES 56

static __always_inline int word_read(struct user_scratch *s, u64 address, u64 *ret)
{
	u64 slack = address - s->frame.sp;

	if (window_word(s, address, ret))
		return 0;
	s->window_base = address - (slack < SAVED_BYTES ? slack : SAVED_BYTES);
	s->window_bytes = window_fill(s, s->window_base);
	if (window_word(s, address, ret))
		return 0;
	s->window_base = address;
	s->window_bytes = window_fill(s, address);
	/* The last word before a page that is not there. */
	if (!s->window_bytes && !bpf_probe_read_user(s->window, 8, (void *)address))
		s->window_bytes = 8;
	return window_word(s, address, ret) ? 0 : -1;
}

static __always_inline int code_read(u64 address, u64 *ret)
{
	return bpf_probe_read_user(ret, sizeof(*ret), (void *)address);
}

#include "abi/unwind_step.h"

struct walk {
	struct user_scratch *s;
	struct rule_cache *cache;
};

/* The mapping that holds `pc`, as s->map. Returns 0 or how the walk ends. */
static __always_inline int map_find(struct user_scratch *s, char *store, u64 pc)
{
	u32 at;

	if (pc >= s->map.begin && pc < s->map.end)
		return WALK_GOES_ON;
	at = table_map_find(store, s->process.maps, s->process.n_maps, pc);
	s->map.begin = STORE(store, u64, at);
	s->map.end = STORE(store, u64, at + 8);
	s->map.bias = STORE(store, u64, at + 16);
	s->map.table = STORE(store, u32, at + 24);
	return pc >= s->map.begin && pc < s->map.end ? WALK_GOES_ON : WALK_NO_MAPPING;
}

/* The rule of an address that is not in the cache. Returns 0 or how the walk ends. */
static __noinline int rule_find(struct user_scratch *s, u64 pc)
{
	char *store = store_get();
	u32 table;
	int end;

	if (!store)
		return WALK_NOT_READY;
	end = map_find(s, store, pc);
	/* A frame pointer may have led to code that was generated just now, or to nothing. */
	if (end)
		return s->frame.guessed && s->process.flags & PROCESS_LEADS_NOWHERE ? WALK_NOT_CODE
										    : end;
	table = s->map.table;
	if (table == TABLE_NOT_READY)
		return WALK_NOT_READY;
	s->frame.rule = 0;
	if (table >= TABLE_FIRST) {
		*STORE_PLACE(store, u32, table + TABLE_FIELD(last_used)) = store_epoch;
		s->frame.rule = table_find(store, table, pc - s->map.bias);
	}
	s->frame.generated = table == TABLE_GENERATED;
	return step_check(s, &s->frame);
}

static __always_inline struct rule_cache *cache_get(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rule_cache, &cpu);
}

/*
 * One frame up, whatever it takes. Returns 1 when the walk has ended, with s->end saying how.
 * A global function: the verifier looks at it once.
 */
__noinline __weak int any_step(u32 level)
{
	struct user_scratch *s = scratch_get(level);
	struct rule_cache *cache = cache_get();
	struct rule_cache_line *line;
	int end = WALK_GOES_ON;
	u64 pc, tag, word;
	u32 n;

	if (!s || !cache)
		return 1;
	pc = s->frame.pc - s->frame.is_return;
	tag = pc ^ s->process.tag;
	line = &cache->lines[(pc ^ pc >> 12) & (RULE_CACHE_LINES - 1)];
	n = s->n;
	if (!s->level && line->tag == tag) {
		s->frame.rule = line->rule;
		s->frame.generated = 0;
	} else {
		end = rule_find(s, pc);
		if (!end && !s->level && s->map.table != TABLE_GENERATED) {
			line->tag = tag;
			line->rule = s->frame.rule;
		}
	}
	if (!end)
		end = frame_step(s, &s->frame);
	if (!end && n >= config.max_depth)
		end = WALK_DEPTH;
	if (end) {
		/* The frame pointer led to something that is no code. */
		if (end == WALK_NOT_CODE && n > 1) {
			s->n = n - 1;
			s->hash = s->last_hash;
		}
		s->end = end;
		s->hash = hash_mix(s->hash, end);
		return 1;
	}
	word = frame_word(&s->frame);
	s->last_hash = s->hash;
	s->hash = hash_mix(s->hash, word);
	s->frames[n & (MAX_USER_FRAMES - 1)] = word;
	s->n = n + 1;
	return 0;
}

/* What changes from frame to frame on the beaten track; in registers while it lasts. */
struct track {
	u64 pc, sp, fp, hash;
	u32 n;
};

/* Rules by sp or fp, with fp unchanged or saved, and the return address where it always is. */
static __always_inline bool is_plain(u64 rule)
{
	return (u16)((rule & 0xfeff) - CFA_SP) <= CFA_FP - CFA_SP;
}

/* One frame up on the beaten track: a plain rule from the cache, words from the window. Returns
 * false, with nothing changed, when it takes more. */
static __always_inline bool plain_step(struct user_scratch *s, const struct rule_cache *cache,
				       struct track *t)
{
	u64 pc = t->pc - 1, cfa, ra, fp = t->fp, rule;
	const struct rule_cache_line *line =
		&cache->lines[(pc ^ pc >> 12) & (RULE_CACHE_LINES - 1)];

	rule = line->rule;
	if (line->tag != (pc ^ s->process.tag) || !is_plain(rule))
		return false;
	cfa = (rule & CFA_FP ? fp : t->sp) + rule_cfa_offset(rule);
	if (cfa <= t->sp || cfa & 7 || !window_word(s, cfa - 8, &ra))
		return false;
	if (rule_fp(rule) && !window_word(s, cfa + rule_fp_offset(rule), &fp))
		return false;
	if (ra - 1 >= USER_SPACE_END - 1)
		return false;
	t->pc = ra;
	t->sp = cfa;
	t->fp = fp;
	t->hash = hash_mix(t->hash, ra);
	s->frames[t->n & (MAX_USER_FRAMES - 1)] = ra;
	t->n++;
	return true;
}

/* As far as the beaten track leads, at most PLAIN_STEPS frames. */
#define PLAIN_STEPS 8

static __always_inline void plain_steps(struct user_scratch *s, const struct rule_cache *cache)
{
	struct track t = {s->frame.pc, s->frame.sp, s->frame.fp, s->hash, s->n};

	if (s->level || !s->frame.is_return || s->frame.knows_all || s->frame.fp_unknown ||
	    t.n + PLAIN_STEPS > config.max_depth)
		return;
#pragma unroll
	for (int i = 0; i < PLAIN_STEPS; i++)
		if (!plain_step(s, cache, &t))
			break;
	if (t.n == s->n)
		return;
	s->frame.pc = t.pc;
	s->frame.sp = t.sp;
	s->frame.fp = t.fp;
	s->frame.guessed = 0;
	s->frame.steps = 2;
	s->hash = t.hash;
	s->n = t.n;
}

static __always_inline int cfi_steps(struct user_scratch *s, struct rule_cache *cache)
{
	plain_steps(s, cache);
	return any_step(s->level) != 0;
}

__noinline __weak int cfi_steps_alone(u32 level)
{
	struct user_scratch *s = scratch_get(level);
	struct rule_cache *cache = cache_get();

	return s && cache ? cfi_steps(s, cache) : 1;
}

static __maybe_unused long cfi_steps_in_loop(u32 i, struct walk *w)
{
	return cfi_steps(w->s, w->cache);
}

/* The process's mappings, if they are of this very program. */
static __always_inline bool process_find(struct user_scratch *s)
{
	u32 tgid = s->head.tgid;
	struct process_maps *p = bpf_map_lookup_elem(&processes, &tgid);
	const struct who *w = &s->sample.who;
	char *store = store_get();

	if (!p || !store)
		return false;
	/* A copy, of which all is checked: the element may become another process's meanwhile. */
	s->process = *p;
	if (s->process.start_ns != w->start_ns || s->process.exec_id != w->exec_id ||
	    *(volatile u64 *)&p->start_ns != w->start_ns)
		return false;
	/* What a child has of its parent may have been taken back since. */
	if (STORE(store, u64, s->process.maps - sizeof(struct table_maps_head)) !=
	    s->process.serial)
		return false;
	/* Code has come or gone since the mappings were published. What is generated does so all
	 * the time, and lies in no table. */
	if (!s->process.exec_pages)
		p->exec_pages = w->exec_pages;
	else if (s->process.exec_pages != w->exec_pages &&
		 !(s->process.flags & PROCESS_GENERATES_CODE))
		return false;
	s->head.version = s->process.version;
	s->head.serial = s->process.serial;
	return true;
}

__hidden int unwind_by_tables(u32 level)
{
	struct walk w = {.s = scratch_get(level), .cache = cache_get()};
	struct user_scratch *s = w.s;

	if (!s || !w.cache)
		return -1;
	s->window_bytes = 0;
	s->map.end = 0;
	s->frames[0] = s->frame.pc;
	s->n = 1;
	s->hash = hash_mix(s->hash, s->frame.pc);
	s->end = WALK_NOT_READY;
	if (!process_find(s))
		return 0;
	s->end = WALK_DEPTH;
	if (LOOP(MAX_USER_FRAMES + 1, cfi_steps_in_loop, &w))
		return 0;
	for (int i = 0; i < MAX_USER_FRAMES + 1; i++)
		if (cfi_steps_alone(level))
			break;
	return 0;
}
