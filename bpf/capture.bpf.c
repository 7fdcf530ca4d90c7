// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends stacks whole that the kernel side cannot unwind. */
#include "capture.h"

#include "abi/config.h"
#include "maps.h"
#include "roots.h"
#include "window.h"

extern struct ring_map ring SEC(".maps");
extern const volatile struct config config;

/* Pages that were never touched, a large buffer's, are holes: frames lie above them. */
#define MAX_HOLE_PAGES 17

/* One page of stack, from `address` to its end. Returns 0, 1 when it cannot be read, -1 when the
 * ring is full. */
static __always_inline int piece_send(u64 capture, u64 address)
{
	struct piece_record *piece = bpf_ringbuf_reserve(&ring, sizeof(*piece), 0);
	u32 bytes = CAPTURE_PAGE - (address & (CAPTURE_PAGE - 1));

	if (!piece)
		return -1;
	piece->type = RECORD_PIECE;
	piece->capture = capture;
	piece->address = address;
	piece->bytes = bytes;
	if (bpf_probe_read_user(piece->data, bytes, (void *)address)) {
		bpf_ringbuf_discard(piece, BPF_RB_NO_WAKEUP);
		return 1;
	}
	bpf_ringbuf_submit(piece, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The next page. Returns 0, 1 at the end, -1 when the ring is full. A global function: the verifier
 * looks at it once, not once for each page. */
__noinline __weak int capture_step(u32 level)
{
	struct user_scratch *s = scratch_get(level);
	struct stack_copy *copy = s ? &s->copy : NULL;
	int err;

	if (!copy || copy->pages >= config.capture_pages || copy->pages >= MAX_CAPTURE_PAGES ||
	    copy->address >= copy->end || copy->missing == MAX_HOLE_PAGES)
		return 1;
	err = piece_send(copy->id, copy->address);
	if (err < 0)
		return -1;
	copy->missing = err ? copy->missing + 1 : 0;
	if (!err)
		copy->present |= 1ull << copy->pages;
	copy->pages++;
	copy->address = (copy->address | (CAPTURE_PAGE - 1)) + 1;
	return 0;
}

static __always_inline int capture_end(const struct user_scratch *s)
{
	struct capture_record *c = bpf_ringbuf_reserve(&ring, sizeof(*c), 0);

	if (!c)
		return -1;
	c->head = s->head;
	c->head.type = RECORD_CAPTURE;
	c->head.time_ns = bpf_ktime_get_ns();
	c->head.id = s->copy.id;
	c->head.n_frames = 0;
	c->head.n_tail = 0;
	c->head.end = s->end;
	c->start_ns = s->sample.who.start_ns;
	c->exec_id = s->sample.who.exec_id;
	c->present = s->copy.present;
	c->is_return = s->frame.leaf_is_return;
	c->leaf_call = s->frame.leaf_call;
	__builtin_memcpy(c->registers, s->frame.registers[0], sizeof(c->registers));
	bpf_ringbuf_submit(c, BPF_RB_FORCE_WAKEUP);
	return 0;
}

__hidden int capture_send(struct user_scratch *s)
{
	int err = 0;

	s->copy.id = STACK_CAPTURE | ++s->captures << CAPTURE_MAKER_BITS |
		     s->level << CAPTURE_CPU_BITS | bpf_get_smp_processor_id();
	s->copy.address = (s->frame.registers[0][REG_SP] & ~7ull) - RED_ZONE;
	s->copy.end = stack_end(&s->sample.who, s->copy.address);
	s->copy.present = 0;
	s->copy.pages = s->copy.missing = 0;
	for (u32 i = 0; i < MAX_CAPTURE_PAGES && !err; i++)
		err = capture_step(s->level);
	if (err >= 0 && s->copy.address < s->copy.end)
		root_send(s->level, s->copy.id);
	return err < 0 ? err : capture_end(s);
}
