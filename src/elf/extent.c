/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far code goes. */
#include "elf/extent.h"

#include "base/mem.h"
#include "elf/code_window.h"

uint64_t code_extent(struct insn_reader *reader, const struct elf_file *elf, uint64_t address,
		     uint64_t limit)
{
	struct code_window window = {0};
	uint64_t at = 0, furthest = 0;
	struct insn in;
	size_t n;

	limit = MIN(limit, (uint64_t)MAX_EXTENT_BYTES);
	while (at < limit) {
		const uint8_t *code = code_window_at(&window, elf, address + at, &n);

		if (!insn_read(reader, code, n, address + at, &in))
			break;
		at += in.length;
		if (in.flow == FLOW_BRANCH && in.target - address < limit)
			furthest = MAX(furthest, in.target - address);
		/* Where a call leads, another function begins. */
		if (in.flow == FLOW_CALL && in.target - address >= at)
			limit = MIN(limit, in.target - address);
		if (at > furthest && !insn_goes_on(&in))
			break;
	}
	return MIN(MAX(at, (uint64_t)1), limit);
}
