/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of functions of Go's, of any content, can be searched for names. */
#include <stdlib.h>
#include <string.h>

#include "symbolize/go.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct place places[MAX_PLACES];
	struct gopclntab t;
	struct go *go;

	/* The first half is the table, the second one what its functions refer to. */
	if (!gopclntab_open(&t, data, size - size / 2, 0x401000))
		return 0;
	go = go_over(&t, data + (size - size / 2), size / 2, 0x500000);
	for (uint64_t a = 0x400ff0; a < 0x401400; a += 7) {
		size_t n = go_find(go, a, places);

		for (size_t i = 0; i < n; i++)
			if (places[i].function && strlen(places[i].function) > size)
				abort();
	}
	go_free(go);
	return 0;
}
