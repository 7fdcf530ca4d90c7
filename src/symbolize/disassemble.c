/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of a function. */
#include "symbolize/disassemble.h"

#include "base/mem.h"
#include "elf/plt.h"
#include "elf/regions.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <string.h>

enum { MAX_CODE = 1 << 18 };

struct bounds {
	uint64_t address, start, end; /* end 0: nothing found */
};

static void find_symbol(void *ctx, const struct elf_symbol *s)
{
	struct bounds *b = ctx;

	if (s->size && b->address >= s->address && b->address - s->address < s->size) {
		b->start = s->address;
		b->end = s->address + s->size;
	}
}

/* The bounds of the function at an address, by its symbol, else by the table for unwinding or by
 * the code. */
static bool find_bounds(const struct elf_file *f, uint64_t address, struct bounds *ret)
{
	struct regions *regions;
	uint64_t start, bytes;

	*ret = (struct bounds){.address = address};
	elf_file_symbols(f, find_symbol, ret);
	if (!ret->end && function_range(f, address, &start, &bytes) && address >= start) {
		ret->start = start;
		ret->end = start + MIN(bytes, (uint64_t)MAX_CODE);
	}
	if (!ret->end) {
		regions = regions_new(f);
		regions_find(regions, address, &ret->start, &ret->end);
		regions_free(regions);
	}
	return ret->end > ret->start && address - ret->start < MAX_CODE;
}

static void disassemble_add_rows(struct code *to, const cs_insn *in, size_t n, uint64_t slide)
{
	for (size_t i = 0; i < n; i++) {
		struct instruction row = {.offset = in[i].address - slide};

		row.text = mem_printf("%-7s %s", in[i].mnemonic, in[i].op_str);
		row.file = mem_strdup("");
		array_reserve(to->rows, to->cap, to->n + 1);
		to->rows[to->n++] = row;
	}
}

static int read_code(const struct elf_file *f, uint64_t address, uint64_t offset, struct code *ret,
		     struct err *err)
{
	struct elf_section bytes;
	struct bounds b;
	cs_insn *in = NULL;
	csh handle;
	size_t n;

	if (!find_bounds(f, address, &b))
		return err_set(err, 0, "where the function begins and ends is not known");
	bytes = elf_file_bytes_at(f, b.start);
	if (!bytes.bytes)
		return err_set(err, 0, "its code is not in the file");
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return err_set(err, -ENOMEM, "cannot disassemble");
	/* Data between the instructions is skipped byte by byte, as .byte. */
	cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
	n = MIN((uint64_t)bytes.n, MIN(b.end - b.start, (uint64_t)MAX_CODE));
	n = cs_disasm(handle, bytes.bytes, n, b.start, 0, &in);
	disassemble_add_rows(ret, in, n, address - offset);
	cs_free(in, n);
	cs_close(&handle);
	return ret->n ? 0 : err_set(err, 0, "there are no instructions");
}

/* A profile of the instructions alone, to be named as any other. */
static void name_rows(const struct symbolize_options *o, const struct profile *p,
		      mapping_id mapping, struct code *code)
{
	struct symbolizer *z = symbolizer_new(o);
	struct profile q;
	struct mapping m = p->mappings[mapping];

	profile_init(&q);
	m.filename = strings_add(&q.strings, profile_raw(p, m.filename));
	m.build_id = strings_add(&q.strings, profile_raw(p, m.build_id));
	m.start = m.start ? m.start : 1 << 20;
	m.has_functions = false; /* nobody has named these */
	q.owner = p->owner;
	q.trusted = p->trusted;
	profile_add_mapping(&q, &m);
	for (size_t i = 0; i < code->n; i++) {
		struct frame f = {.mapping = 0, .inner = NO_ID};

		f.address = m.start + (code->rows[i].offset - m.offset);
		profile_add_frame(&q, &f);
	}
	symbolize_saved(z, &q);
	for (size_t i = 0; i < code->n; i++) {
		frame_id f = (frame_id)i;

		while (q.frames[f].inner != NO_ID)
			f = q.frames[f].inner;
		free(code->rows[i].file);
		code->rows[i].file = mem_strdup(profile_raw(&q, q.frames[f].file));
		code->rows[i].line = q.frames[f].line;
	}
	symbolizer_free(z);
	profile_release(&q);
}

int disassemble(const struct symbolize_options *o, const struct profile *p, mapping_id mapping,
		uint64_t offset, struct code *ret, struct err *err)
{
	const char *path = mapping == NO_ID ? "" : profile_raw(p, p->mappings[mapping].filename);
	struct build_id id;
	bool has_id = mapping != NO_ID &&
		      build_id_parse(profile_text(p, p->mappings[mapping].build_id), &id);
	struct wanted_file wanted;
	struct elf_file *f;
	uint64_t address;
	int code;

	*ret = (struct code){0};
	if (path[0] != '/')
		return err_set(err, 0, "%s has no file", *path ? path : "it");
	wanted = (struct wanted_file){
		.path = path, .as_user = true, .user = profile_named_by(p, mapping)};
	f = elf_file_open_wanted(&wanted, has_id ? &id : NULL);
	if (!f)
		return err_set(err, 0, "%s is not here, or not the same any more", path);
	code = elf_file_address(f, offset, &address)
		       ? read_code(f, address, offset, ret, err)
		       : err_set(err, 0, "%s has no code there", path);
	elf_file_free(f);
	if (!code)
		name_rows(o, p, mapping, ret);
	return code;
}
