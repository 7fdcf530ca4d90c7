/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code of any content is parted into functions, each within it and behind the one before. */
#include <stdlib.h>

#include "elf/boundaries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { ADDRESS = 0x1000 };
	static struct insn_reader *reader;
	struct boundaries b = {0};

	if (!size || size > 1 << 14)
		return 0;
	if (!reader)
		reader = insn_reader_new();
	boundaries_add(&b, ADDRESS + data[0] % size);
	boundaries_find(&b, reader, data, size, ADDRESS);
	if (!b.n || b.starts[0] != ADDRESS || b.starts[b.n - 1] - ADDRESS >= size)
		abort();
	for (size_t i = 1; i < b.n; i++)
		if (b.starts[i] <= b.starts[i - 1])
			abort();
	boundaries_release(&b);
	return 0;
}
