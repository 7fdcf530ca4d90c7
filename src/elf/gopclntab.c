/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Go's table of functions. */
#include "elf/gopclntab.h"

#include "base/mem.h"

enum {
	MAGIC_1_2 = 0xfffffffb,
	MAGIC_1_16 = 0xfffffffa,
	MAGIC_1_18 = 0xfffffff0,
	MAGIC_1_20 = 0xfffffff1,
	MIN_BYTES = 72,
	TEXT_AT = 24, /* in the header, 1.18 on */
};

bool gopclntab_open(struct gopclntab *t, const uint8_t *bytes, size_t n, uint64_t text)
{
	uint32_t magic;
	uint64_t at = 16;

	*t = (struct gopclntab){.bytes = bytes, .n = n};
	magic = (uint32_t)gopclntab_get(t, 0, 4);
	t->quantum = (uint8_t)gopclntab_get(t, 6, 1);
	if (n < MIN_BYTES || gopclntab_get(t, 4, 2) || gopclntab_get(t, 7, 1) != 8 || !t->quantum)
		return false;
	t->n_functions = gopclntab_get(t, 8, 8);
	t->has_offsets = magic == MAGIC_1_18 || magic == MAGIC_1_20;
	t->has_start_line = magic == MAGIC_1_20;
	t->has_names = t->has_offsets || magic == MAGIC_1_16;
	if (t->has_offsets) {
		t->text = gopclntab_get(t, TEXT_AT, 8);
		t->text = t->text ? t->text : text;
		at += 8;
	}
	if (t->has_names) {
		t->names = gopclntab_get(t, at + 8, 8);
		t->units = gopclntab_get(t, at + 16, 8);
		t->files = gopclntab_get(t, at + 24, 8);
		t->pctab = gopclntab_get(t, at + 32, 8);
		t->functab = t->functions = gopclntab_get(t, at + 40, 8);
	} else if (magic == MAGIC_1_2) {
		t->functab = 16;
	} else {
		return false;
	}
	return t->functab < n && t->n_functions < (n - t->functab) / (t->has_offsets ? 8 : 16);
}

bool gopclntab_find(struct gopclntab *t, const struct elf_file *f)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	uint64_t text = elf_file_text(f);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct elf_section s = elf_file_section(f, names[i]);

		if (s.bytes && gopclntab_open(t, s.bytes, s.n,
					      elf_file_relocated(f, s.address + TEXT_AT, text))) {
			t->address = s.address;
			return true;
		}
	}
	return false;
}

uint64_t gopclntab_entry(const struct gopclntab *t, uint64_t i)
{
	if (t->has_offsets)
		return t->text + gopclntab_get(t, t->functab + 8 * i, 4);
	return gopclntab_get(t, t->functab + 16 * i, 8);
}

uint64_t gopclntab_function(const struct gopclntab *t, uint64_t i)
{
	if (t->has_offsets)
		return t->functions + gopclntab_get(t, t->functab + 8 * i + 4, 4) + 4;
	return t->functions + gopclntab_get(t, t->functab + 16 * i + 8, 8) + 8;
}

bool gopclntab_varint(const struct gopclntab *t, uint64_t *at, uint32_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t byte;

		if (*at >= t->n)
			return false;
		byte = t->bytes[(*at)++];
		*ret |= (uint32_t)(byte & 0x7f) << (shift & 31);
		if (!(byte & 0x80))
			return true;
	}
	return false;
}
