// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends samples whole that the kernel side cannot unwind. */
#include "capture.h"

#include "abi/config.h"
#include "maps.h"

extern struct ring_map ring SEC(".maps");
extern const volatile struct config config;

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

static __always_inline int capture_end(const struct user_scratch *s, const struct count_key *key,
				       u64 value, u64 capture, u64 present)
{
	struct capture_record *c = bpf_ringbuf_reserve(&ring, sizeof(*c), 0);

	if (!c)
		return -1;
	c->head = s->head;
	c->head.type = RECORD_CAPTURE;
	c->head.time_ns = bpf_ktime_get_ns();
	c->head.id = capture;
	c->head.n_frames = 0;
	c->head.n_tail = 0;
	c->head.end = s->end;
	c->key = *key;
	c->value = value;
	c->exec_id = s->exec_id;
	c->present = present;
	c->is_return = s->frame.leaf_is_return;
	c->in_exec = s->frame.in_exec;
	__builtin_memcpy(c->registers, s->frame.registers[0], sizeof(c->registers));
	bpf_ringbuf_submit(c, BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* Pages that were never touched, a large buffer's, are holes: frames lie above them. */
#define MAX_HOLE_PAGES 17

__hidden int capture_send(struct user_scratch *s, const struct count_key *key, u64 value)
{
	u64 capture = ++s->captures << 16 | bpf_get_smp_processor_id();
	u64 address = (s->frame.registers[0][REG_SP] & ~7ull) - RED_ZONE, end = s->stack_top,
	    present = 0;
	u32 missing = 0;
	int err;

	if (address >= end)
		end = USER_SPACE_END; /* another thread's: nobody knows */
	for (u32 i = 0; i < MAX_CAPTURE_PAGES; i++) {
		if (i >= config.capture_pages || address >= end || missing == MAX_HOLE_PAGES)
			break;
		err = piece_send(capture, address);
		if (err < 0)
			return err;
		missing = err ? missing + 1 : 0;
		if (!err)
			present |= 1ull << i;
		address = (address | (CAPTURE_PAGE - 1)) + 1;
	}
	return capture_end(s, key, value, capture, present);
}
