/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of names of any content can be searched. */
#include <stdlib.h>
#include <string.h>

#include "symbolize/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct names *n = names_open(data, size, NULL, NULL);
	struct place places[MAX_PLACES];
	uint64_t start;
	bool sized;

	for (uint64_t a = 0; n && a < 1 << 14; a += 37) {
		size_t levels = names_covers(n, a) ? names_find(n, a, places) : 0;
		const char *symbol = names_find_symbol(n, a, &start, &sized);

		for (size_t i = 0; i < levels; i++)
			if ((places[i].function && strlen(places[i].function) > size) ||
			    (places[i].file && strlen(places[i].file) > size))
				abort();
		if (symbol && (strlen(symbol) > size || start > a))
			abort();
	}
	names_free(n);
	return 0;
}
