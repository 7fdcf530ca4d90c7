/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of a function. */
#include "profile/code.h"

#include <stdlib.h>

void code_release(struct code *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->rows[i].text);
		free(c->rows[i].file);
	}
	free(c->rows);
	*c = (struct code){0};
}
