/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window of code. */
#include "elf/code_window.h"

const uint8_t *code_window_at(struct code_window *w, const struct elf_file *elf, uint64_t address,
			      size_t *ret_n)
{
	uint64_t offset = address - w->at;

	if (w->elf != elf || offset >= w->n || w->n - offset < MAX_INSN_BYTES) {
		w->elf = elf;
		w->at = address;
		w->n = CODE_WINDOW_BYTES;
		/* Near the end of a segment there is less. */
		while (w->n && !elf_file_read(elf, address, w->bytes, w->n))
			w->n /= 2;
		offset = 0;
	}
	*ret_n = w->n - offset;
	return w->bytes + offset;
}
