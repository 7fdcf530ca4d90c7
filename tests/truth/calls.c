/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is every caller of a saved profile possible? The call before its address is read from its file: a
 * direct one must be able to lead to the frame above it, by whatever jumps.
 *
 * usage: calls FILE.pb.gz...; prints a line a file, before it each caller that is not possible.
 * Exits with 1 when there is one. What lies in no file (generated code), and what a signal
 * interrupted, cannot be checked, and is counted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/code_bytes.h"
#include "base/mem.h"
#include "elf/elf_file.h"
#include "format/format.h"
#include "unwind/calls.h"

struct checker {
	const struct profile *p;
	struct elf_file **files; /* of mappings */
	struct calls *calls;
	int64_t frames, unread, impossible;
};

static struct elf_file *file_of(const struct profile *p, const struct mapping *m)
{
	const char *path = profile_text(p, m->filename);
	struct build_id id;
	bool has_id = build_id_parse(profile_text(p, m->build_id), &id);

	const struct wanted_file wanted = {.path = path};

	return *path == '/' ? elf_file_open_wanted(&wanted, has_id ? &id : NULL) : NULL;
}

/* A frame's file and address there; false: it lies in none that is here. */
static bool place(const struct checker *c, frame_id id, struct elf_file **ret_elf, uint64_t *ret)
{
	const struct frame *f = &c->p->frames[id];
	const struct mapping *m = f->mapping == NO_ID ? NULL : &c->p->mappings[f->mapping];

	*ret_elf = m ? c->files[f->mapping] : NULL;
	return *ret_elf && f->kind == FRAME_USER &&
	       elf_file_address(*ret_elf, f->address - m->start + m->offset, ret);
}

/* At any of the two instructions of a signal's trampoline, or behind them. */
static bool is_trampoline(const struct elf_file *elf, uint64_t address)
{
	enum { MAX_BYTES = 9 };
	uint64_t bytes;

	for (unsigned back = 0; back <= MAX_BYTES; back++)
		if (elf_file_read(elf, address - back, &bytes, sizeof(bytes)) &&
		    is_sigreturn(bytes))
			return true;
	return false;
}

/* The last frame of a stack that was made by hand is returned to: no call leads there. */
static bool is_bottom(const struct checker *c, stack_id caller, const struct elf_file *elf,
		      uint64_t address)
{
	uint64_t bytes;

	return stacks_parent(&c->p->stacks, caller) == NO_ID &&
	       elf_file_read(elf, address - 7, &bytes, sizeof(bytes)) && !is_call_before(bytes);
}

/* 1: it is possible; 0: it is not; -1: it cannot be told. */
static int is_possible(const struct checker *c, stack_id callee, stack_id caller)
{
	uint64_t from, to;
	struct elf_file *elf, *called;

	if (!place(c, stacks_item(&c->p->stacks, caller), &elf, &from) ||
	    !place(c, stacks_item(&c->p->stacks, callee), &called, &to) ||
	    is_trampoline(called, to) || is_trampoline(elf, from) ||
	    is_bottom(c, caller, elf, from))
		return -1;
	return calls_lead(c->calls, elf, from + 1, elf == called ? to : 0) != LEAD_IMPOSSIBLE;
}

static const char *name_of(const struct profile *p, frame_id id)
{
	return profile_text(p, p->frames[id].function);
}

/* `weights`: samples through each stack. */
static void check_stacks(struct checker *c, const int64_t *weights)
{
	const struct stacks *s = &c->p->stacks;

	for (size_t i = 0; i < s->n; i++) {
		stack_id caller = stacks_has(s, i) ? stacks_parent(s, (stack_id)i) : NO_ID;
		int possible;

		if (caller == NO_ID || !weights[i])
			continue;
		possible = is_possible(c, (stack_id)i, caller);
		c->frames += weights[i];
		c->unread += possible < 0 ? weights[i] : 0;
		if (possible)
			continue;
		c->impossible += weights[i];
		printf("%8lld %s (%#llx) cannot have called %s (%#llx)\n", (long long)weights[i],
		       name_of(c->p, stacks_item(s, caller)),
		       (unsigned long long)c->p->frames[stacks_item(s, caller)].address,
		       name_of(c->p, stacks_item(s, (stack_id)i)),
		       (unsigned long long)c->p->frames[stacks_item(s, (stack_id)i)].address);
	}
}

static void check(struct checker *c)
{
	const struct profile *p = c->p;
	auto_free int64_t *weights = mem_array(p->stacks.n, sizeof(*weights));

	for (size_t i = 0; i < p->n_samples; i++)
		if (p->samples[i].stack != NO_ID)
			weights[p->samples[i].stack] += p->values[i * p->n_types];
	stacks_sum_up(&p->stacks, weights);
	c->files = mem_array(p->n_mappings, sizeof(struct elf_file *));
	for (size_t i = 0; i < p->n_mappings; i++)
		c->files[i] = file_of(p, &p->mappings[i]);
	c->calls = calls_new();
	check_stacks(c, weights);
	calls_free(c->calls);
	for (size_t i = 0; i < p->n_mappings; i++)
		elf_file_free(c->files[i]);
	free(c->files);
}

int main(int argc, char **argv)
{
	bool bad = false;

	for (int i = 1; i < argc; i++) {
		struct checker c = {0};
		struct profile p;
		struct err err = {0};

		profile_init(&p);
		if (profile_read(argv[i], &p, &err)) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 2;
		}
		c.p = &p;
		check(&c);
		printf("%s: callers %lld impossible %lld unread %lld\n", argv[i],
		       (long long)c.frames, (long long)c.impossible, (long long)c.unread);
		bad |= c.impossible || c.frames == c.unread;
		profile_release(&p);
	}
	return bad;
}
