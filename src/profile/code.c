/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of a function. */
#include "profile/code.h"

#include <stdlib.h>

/* The longest that there are; of the last one nothing else is known. */
enum { MAX_INSTRUCTION = 16 };

uint64_t instruction_end(const struct code *c, size_t i)
{
	return i + 1 < c->n ? c->rows[i + 1].offset : c->rows[i].offset + MAX_INSTRUCTION;
}

void code_release(struct code *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->rows[i].text);
		free(c->rows[i].file);
	}
	free(c->rows);
	*c = (struct code){0};
}
