/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build ids: what a file says that it is. Anyone can write one into a file.
 *
 * Source: elf(5), NT_GNU_BUILD_ID.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BUILD_ID = 20 };

struct build_id {
	uint8_t bytes[MAX_BUILD_ID];
	uint8_t len; /* 0: unknown */
};

bool build_id_equal(const struct build_id *a, const struct build_id *b);
/* Writes hexadecimal digits and a NUL (at most 41 bytes). Returns `buf`. */
char *build_id_hex(const struct build_id *id, char *buf);

/* The id in hexadecimal digits; false when it is none. */
bool build_id_parse(const char *hex, struct build_id *ret);

/* The build id among notes as they lie in memory; false when there is none. */
bool build_id_of_notes(const void *notes, size_t n, struct build_id *ret);
/* The same of an Elf_Data of notes. */
bool build_id_of_data(void *elf_data, struct build_id *ret);
