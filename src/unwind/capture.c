/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwinds captured samples. */
#include "unwind/capture.h"

#include "abi/unwind_frame.h"
#include "base/mem.h"
#include "proc/procfs.h"
#include "unwind/full.h"
#include "unwind/table.h"

#include <string.h>

struct walker {
	const struct capture *c;
	struct unwind_frame frame;
	struct full_registers all; /* of the frame, while `full` */
	bool full;                 /* by libdw where it can */
	const struct space_map *map;
	struct image *image; /* at the frame */
	uint32_t table;
	uint64_t address; /* of the frame in the image's file */
};

/* Is the page of the stack there? */
static bool is_present(const struct capture *c, uint64_t address)
{
	uint64_t page = address / CAPTURE_PAGE - c->start / CAPTURE_PAGE;

	return c->n_stack > MAX_CAPTURE_PAGES * CAPTURE_PAGE ||
	       (page < MAX_CAPTURE_PAGES && c->present >> page & 1);
}

static int stack_copy(const struct capture *c, uint64_t address, void *to, size_t bytes)
{
	uint64_t offset = address - c->start;

	if (offset > c->n_stack || c->n_stack - offset < bytes || !is_present(c, address) ||
	    !is_present(c, address + bytes - 1))
		return -1;
	memcpy(to, c->stack + offset, bytes);
	return 0;
}

static int word_read(const struct capture *c, uint64_t address, void *ret)
{
	return stack_copy(c, address, ret, 8);
}

/* Bytes of code: from the file, or what the process has there by now. */
static int code_read(const struct capture *c, uint64_t address, void *ret)
{
	const struct space_map *map = space_find(c->space, address);
	struct image *image;
	uint64_t in_file;

	if (!map)
		return -1;
	image = images_open(c->images, map->image, c->space->pid, map->start, map->end);
	if (image->elf &&
	    elf_file_address(image->elf, address - map->start + map->offset, &in_file))
		return elf_file_read(image->elf, in_file, ret, 8) ? 0 : -1;
	return process_read(c->space->pid, address, ret, 8) == 8 ? 0 : -1;
}

#define STEP_CONTEXT                         const struct capture *
#define STEP_WORD(c, address, ret)           word_read(c, address, ret)
#define STEP_CODE(c, address, ret)           code_read(c, address, ret)
#define STEP_UCONTEXT(c, address, registers) stack_copy(c, address, registers, UCONTEXT_BYTES)

#include "abi/unwind_step.h"

/* Finds mapping, image and table of the frame. Returns 0 or how the walk ends. */
static int place(struct walker *w)
{
	const struct capture *c = w->c;
	uint64_t pc = w->frame.pc - w->frame.is_return;

	w->map = space_find(c->space, pc);
	if (!w->map)
		return w->frame.guessed ? WALK_NOT_CODE : WALK_NO_MAPPING;
	w->image = images_open(c->images, w->map->image, c->space->pid, w->map->start, w->map->end);
	w->table = tables_get(c->tables, w->image);
	if (w->table == TABLE_NOT_READY)
		return WALK_NOT_READY;
	if (!w->image->elf ||
	    !elf_file_address(w->image->elf, pc - w->map->start + w->map->offset, &w->address))
		w->address = 0;
	return WALK_GOES_ON;
}

static bool stack_read(void *capture, uint64_t address, uint64_t *ret)
{
	return !word_read(capture, address, ret);
}

/* One step by libdw. Returns WALK_GOES_ON, how the walk ended, or -1 when it knows nothing here. */
static int full_walk(struct walker *w)
{
	enum full_result result;
	bool is_signal;

	if (!w->address)
		return -1;
	result = full_step(w->image, w->address, &w->all, w->frame.knows_all, stack_read,
			   (void *)w->c, &is_signal);
	if (result == FULL_NONE)
		return -1;
	if (result != FULL_CALLER)
		return result == FULL_FIRST ? WALK_FIRST : WALK_UNSUPPORTED;
	if (w->all.values[REG_SP] <= w->frame.sp && !is_signal)
		return WALK_BACKWARDS;
	w->frame.pc = w->all.values[REG_RA];
	w->frame.sp = w->all.values[REG_SP];
	w->frame.fp = w->all.values[REG_FP];
	w->frame.fp_unknown = !(w->all.known >> REG_FP & 1);
	w->frame.is_return = !is_signal;
	w->frame.knows_all = is_signal;
	w->frame.guessed = 0;
	w->frame.steps = is_signal ? 0 : 2;
	if (is_signal) {
		w->frame.set = 1;
		memcpy(w->frame.registers[1], w->all.values, sizeof(w->all.values));
	}
	if (!w->frame.pc)
		return is_signal ? WALK_NO_RULE : WALK_ZERO;
	return WALK_GOES_ON;
}

/* The registers after a step of the ordinary kind. */
static void forget_registers(struct walker *w)
{
	if (w->frame.knows_all) {
		memcpy(w->all.values, w->frame.registers[w->frame.set & 1], sizeof(w->all.values));
		w->all.known = (1u << N_REGS) - 1;
		return;
	}
	w->all.values[REG_RA] = w->frame.pc;
	w->all.values[REG_SP] = w->frame.sp;
	w->all.values[REG_FP] = w->frame.fp;
	w->all.known = 1u << REG_RA | 1u << REG_SP | (w->frame.fp_unknown ? 0 : 1u << REG_FP);
}

static int walk_step(struct walker *w)
{
	int end = place(w);

	if (end)
		return end;
	w->frame.rule = w->table < TABLE_FIRST || !w->address
				? 0
				: table_rule(w->c->store->memory, w->table, w->address);
	if (w->full) {
		end = full_walk(w);
		if (end >= 0)
			return end;
	}
	w->frame.generated = w->table == TABLE_GENERATED;
	end = step_check(w->c, &w->frame);
	if (!end)
		end = frame_step(w->c, &w->frame);
	if (!end && w->full)
		forget_registers(w);
	return end;
}

static struct capture_rest rest_of(const struct unwind_frame *f)
{
	return (struct capture_rest){.pc = f->pc,
				     .sp = f->sp,
				     .fp = f->fp,
				     .exact = !f->is_return,
				     .fp_unknown = f->fp_unknown,
				     .guessed = f->guessed};
}

static void capture_walk(struct walker *w, struct captured *ret)
{
	const struct capture *c = w->c;

	memset(&w->frame, 0, sizeof(w->frame));
	memcpy(w->frame.registers[0], c->registers, sizeof(w->frame.registers[0]));
	w->frame.pc = c->registers[REG_RA];
	w->frame.sp = c->registers[REG_SP];
	w->frame.fp = c->registers[REG_FP];
	w->frame.knows_all = 1;
	w->frame.is_return = c->is_return;
	forget_registers(w);
	ret->frames[0] = w->frame.pc;
	ret->n = 1;
	for (;;) {
		int end = walk_step(w);

		if (!end && ret->n >= MIN(c->max_depth, (unsigned)MAX_USER_FRAMES))
			end = WALK_DEPTH;
		if (end == WALK_DEPTH)
			ret->rest = rest_of(&w->frame);
		if (end) {
			if (end == WALK_NOT_CODE && ret->n > 1)
				ret->n--;
			ret->end = (unsigned)end;
			return;
		}
		ret->frames[ret->n++] = frame_word(&w->frame);
	}
}

bool capture_unwind(const struct capture *c, struct captured *ret)
{
	struct walker w = {.c = c};

	capture_walk(&w, ret);
	if (ret->end == WALK_UNSUPPORTED) {
		w.full = true;
		capture_walk(&w, ret);
	}
	return ret->end != WALK_NOT_READY;
}

unsigned capture_go_on(const struct capture *c, const struct capture_rest *rest,
		       capture_visit *visit, void *ctx)
{
	struct walker w = {.c = c};
	int end = WALK_GOES_ON;

	w.frame.pc = rest->pc;
	w.frame.sp = rest->sp;
	w.frame.fp = rest->fp;
	w.frame.is_return = !rest->exact;
	w.frame.fp_unknown = rest->fp_unknown;
	w.frame.guessed = rest->guessed;
	w.frame.steps = 2;
	while (end == WALK_GOES_ON && visit(ctx, frame_word(&w.frame), w.frame.sp))
		end = walk_step(&w);
	return (unsigned)end;
}
