/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go's table of functions, .gopclntab, which every Go program has, stripped or not (Go 1.2 on;
 * names and lines from 1.16 on).
 *
 * Trust: the bytes are hostile; what lies outside of them reads as 0.
 * Source: go/src/runtime/symtab.go, go/src/cmd/link/internal/ld/pcln.go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "elf/elf_file.h"

struct gopclntab {
	const uint8_t *bytes;
	size_t n;
	uint64_t address; /* where it is loaded; 0 unless it was found in a file */
	uint64_t n_functions, text;
	uint64_t names, units, files, pctab, functab, functions; /* offsets */
	uint8_t quantum;
	bool has_offsets;    /* functions by their offset in the text: 1.18 on */
	bool has_start_line; /* 1.20 on */
	bool has_names;      /* 1.16 on */
};

/* `text`: where the code begins, for tables that do not say. False: it is none that we know. */
bool gopclntab_open(struct gopclntab *t, const uint8_t *bytes, size_t n, uint64_t text);
/* Finds it in a file. False: it is no Go program. The file must outlive it. */
bool gopclntab_find(struct gopclntab *t, const struct elf_file *f);

/* Entry of function `i`; that of the one behind the last is the end of the text. */
uint64_t gopclntab_entry(const struct gopclntab *t, uint64_t i);
/* Offset of what is told of function `i`, behind its entry. */
uint64_t gopclntab_function(const struct gopclntab *t, uint64_t i);
/* False at the end of the bytes. */
bool gopclntab_varint(const struct gopclntab *t, uint64_t *at, uint32_t *ret);

static inline uint64_t gopclntab_get(const struct gopclntab *t, uint64_t offset, size_t bytes)
{
	uint64_t value = 0;

	if (offset <= t->n && bytes <= t->n - offset)
		memcpy(&value, t->bytes + offset, bytes);
	return value;
}
