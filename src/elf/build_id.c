/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build ids. */
#include "elf/build_id.h"

#include <gelf.h>
#include <stdio.h>
#include <string.h>

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->len && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

char *build_id_hex(const struct build_id *id, char *buf)
{
	for (size_t i = 0; i < id->len; i++)
		snprintf(buf + 2 * i, 3, "%02x", id->bytes[i]);
	buf[2 * id->len] = '\0';
	return buf;
}

bool build_id_parse(const char *hex, struct build_id *ret)
{
	size_t len = strlen(hex);
	unsigned byte;

	*ret = (struct build_id){0};
	if (!len || len % 2 || len / 2 > MAX_BUILD_ID ||
	    strspn(hex, "0123456789abcdefABCDEF") != len)
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		ret->bytes[i] = (uint8_t)byte;
	}
	ret->len = (uint8_t)(len / 2);
	return true;
}

bool build_id_of_data(void *elf_data, struct build_id *ret)
{
	Elf_Data *data = elf_data;
	size_t offset = 0, name, desc;
	GElf_Nhdr note;

	while ((offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || !note.n_descsz ||
		    note.n_descsz > MAX_BUILD_ID ||
		    memcmp((char *)data->d_buf + name, "GNU", 4) != 0)
			continue;
		memcpy(ret->bytes, (char *)data->d_buf + desc, note.n_descsz);
		ret->len = (uint8_t)note.n_descsz;
		return true;
	}
	return false;
}

bool build_id_of_notes(const void *notes, size_t n, struct build_id *ret)
{
	Elf_Data data = {.d_buf = (void *)notes,
			 .d_size = n,
			 .d_type = ELF_T_NHDR,
			 .d_version = EV_CURRENT,
			 .d_align = 4};

	*ret = (struct build_id){0};
	return build_id_of_data(&data, ret);
}
