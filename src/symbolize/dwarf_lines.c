/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Line number programs. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"
#include "base/str.h"

#include <dwarf.h>

enum { MAX_FILES = 1 << 20, MAX_DIRECTORIES = 1 << 16, MAX_FORMATS = 16, MAX_PATH = 4096 };

struct file {
	struct text name;
	uint64_t directory;
	uint32_t id; /* of the builder's, NO_ID: not asked for yet */
};

struct files {
	struct unit *unit; /* whose line table it is: that of the skeleton, for a split one */
	struct names_builder *builder;
	struct text *directories;
	size_t n_directories, cap_directories;
	struct file *files;
	size_t n_files, cap_files;
	uint16_t version;
	uint8_t min_instruction, opcode_base, line_range;
	int8_t line_base;
	uint8_t lengths[256]; /* operands of standard opcodes */
	struct cursor program;
};

/* -- the header -- */

static void add_directory(struct files *f, struct text name)
{
	if (f->n_directories == MAX_DIRECTORIES)
		return;
	array_reserve(f->directories, f->cap_directories, f->n_directories + 1);
	f->directories[f->n_directories++] = name;
}

static void dwarf_lines_add_file(struct files *f, struct text name, uint64_t directory)
{
	if (f->n_files == MAX_FILES)
		return;
	array_reserve(f->files, f->cap_files, f->n_files + 1);
	f->files[f->n_files++] = (struct file){name, directory, NO_ID};
}

/* Lists of DWARF 2 to 4: texts up to an empty one. Numbers begin at 1; 0 is the unit's own. */
static void read_old_lists(struct files *f, struct cursor *c)
{
	struct text t;

	add_directory(f, f->unit->directory);
	while ((t = take_text(c)).n)
		add_directory(f, t);
	dwarf_lines_add_file(f, f->unit->name, 0);
	while ((t = take_text(c)).n) {
		uint64_t directory = take_uleb(c);

		take_uleb(c); /* time */
		take_uleb(c); /* size */
		dwarf_lines_add_file(f, t, directory);
	}
}

/* A list of DWARF 5, which begins with what its entries are made of. */
static void read_new_list(struct files *f, struct cursor *c, bool is_files, uint8_t offset_size)
{
	struct unit u = *f->unit; /* which may have offsets of another size */
	struct attribute formats[MAX_FORMATS];
	unsigned n = take_u8(c);
	uint64_t entries;

	u.offset_size = offset_size;
	if (n > MAX_FORMATS) {
		c->bad = true;
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t name = take_uleb(c), form = take_uleb(c);

		formats[i] = unit_attribute(&u, name, form);
	}
	entries = take_uleb(c);
	for (uint64_t e = 0; n && e < entries && !c->bad && c->at < c->end; e++) {
		uint64_t directory = 0;
		struct text name = {0};
		const uint8_t *before = c->at;

		for (unsigned i = 0; i < n; i++) {
			struct value v = {0};

			read_value(&u, c, &formats[i], &v);
			if (formats[i].name == DW_LNCT_path)
				name = unit_text(f->unit, &v);
			else if (formats[i].name == DW_LNCT_directory_index)
				directory = v.number;
		}
		if (c->at == before)
			return; /* entries of nothing */
		if (is_files)
			dwarf_lines_add_file(f, name, directory);
		else
			add_directory(f, name);
	}
}

static void read_lists(struct files *f, struct cursor *c, uint8_t offset_size)
{
	if (f->version < 5) {
		read_old_lists(f, c);
		return;
	}
	read_new_list(f, c, false, offset_size);
	read_new_list(f, c, true, offset_size);
}

static void read_line_header(struct files *f)
{
	const struct elf_section *s = &f->unit->dwarf->line;
	struct cursor c = cursor_at(s->bytes, s->n, f->unit->lines);
	uint64_t length, header;
	uint8_t offset_size;

	if (!take_length(&c, &length, &offset_size))
		return;
	c.end = c.at + length;
	f->version = take_u16(&c);
	if (f->version < 2 || f->version > 5)
		return;
	if (f->version >= 5)
		take_u16(&c); /* sizes of addresses and of segment selectors */
	header = take_n(&c, offset_size);
	if (c.bad || header > (uint64_t)(c.end - c.at))
		return;
	f->program = (struct cursor){c.at + header, c.end, false};
	f->min_instruction = take_u8(&c);
	if (f->version >= 4)
		take_u8(&c); /* operations of one instruction */
	take_u8(&c);         /* is_stmt at first */
	f->line_base = (int8_t)take_u8(&c);
	f->line_range = take_u8(&c);
	f->opcode_base = take_u8(&c);
	for (unsigned i = 1; i < f->opcode_base; i++)
		f->lengths[i] = take_u8(&c);
	c.end = f->program.at;
	read_lists(f, &c, offset_size);
}

struct files *unit_files(struct unit *u, struct names_builder *b)
{
	struct unit *holder = u->skeleton ? u->skeleton : u;
	struct files *f = holder->files;

	if (f && f->builder == b)
		return f;
	files_free(f);
	f = mem_alloc(sizeof(*f));
	f->unit = holder;
	f->builder = b;
	if (holder->has_lines)
		read_line_header(f);
	return holder->files = f;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	free(f->directories);
	free(f->files);
	free(f);
}

static void add_part(struct str *path, struct text part)
{
	if (!part.n)
		return;
	if (path->len && path->text[path->len - 1] != '/')
		str_putc(path, '/');
	str_add(path, part.at, MIN(part.n, (size_t)MAX_PATH));
}

uint32_t files_get(struct files *f, uint64_t index)
{
	struct str path auto_release(str_release) = {0};
	struct text directory = {0};
	struct file *file;

	if (index >= f->n_files || !f->files[index].name.n)
		return NO_ID;
	file = &f->files[index];
	if (file->id != NO_ID)
		return file->id;
	if (file->directory < f->n_directories)
		directory = f->directories[file->directory];
	if (file->name.at[0] != '/') {
		if (!directory.n || directory.at[0] != '/')
			add_part(&path, f->unit->directory);
		if (directory.n && (path.len == 0 || directory.at != f->unit->directory.at))
			add_part(&path, directory);
	}
	add_part(&path, file->name);
	return file->id = names_text(f->builder, path.text);
}

/* -- the program -- */

struct machine {
	uint64_t address, file, line;
	/* The row before: how far it reaches, the next one says. */
	bool has_row;
	uint64_t row_address, row_file, row_line;
	size_t hint;
	uint64_t named_file; /* the last one asked for, */
	uint32_t file_id;    /* and its id */
};

static void dwarf_lines_flush(struct files *f, struct machine *m, uint64_t end)
{
	if (!m->has_row || m->row_address >= end ||
	    !names_wants(f->builder, m->row_address, end, &m->hint))
		return;
	if (m->named_file != m->row_file) {
		m->named_file = m->row_file;
		m->file_id = files_get(f, m->row_file);
	}
	names_row(f->builder, m->row_address, m->file_id, (uint32_t)MIN(m->row_line, UINT32_MAX));
}

static void emit(struct files *f, struct machine *m)
{
	dwarf_lines_flush(f, m, m->address);
	m->has_row = true;
	m->row_address = m->address;
	m->row_file = m->file;
	m->row_line = m->line;
}

static void reset(struct machine *m)
{
	*m = (struct machine){.file = 1, .line = 1, .named_file = UINT64_MAX};
}

/* An opcode with its own length. */
static void run_extended(struct files *f, struct cursor *c, struct machine *m, uint32_t order)
{
	uint64_t length = take_uleb(c);
	struct cursor body = {c->at, c->at, false};

	if (length > (uint64_t)(c->end - c->at)) {
		c->at = c->end;
		c->bad = true;
		return;
	}
	body.end = c->at += length;
	switch (take_u8(&body)) {
	case DW_LNE_end_sequence:
		dwarf_lines_flush(f, m, m->address);
		names_rows_end(f->builder, m->address, order);
		reset(m);
		break;
	case DW_LNE_set_address:
		m->address = take_n(&body, (unsigned)MIN(length - 1, 8u));
		break;
	case DW_LNE_define_file: {
		struct text name = take_text(&body);

		dwarf_lines_add_file(f, name, take_uleb(&body));
		break;
	}
	default:
		break;
	}
}

static void run_standard(struct files *f, struct cursor *c, struct machine *m, uint8_t opcode)
{
	switch (opcode) {
	case DW_LNS_copy:
		emit(f, m);
		break;
	case DW_LNS_advance_pc:
		m->address += take_uleb(c) * f->min_instruction;
		break;
	case DW_LNS_advance_line:
		m->line += (uint64_t)take_sleb(c);
		break;
	case DW_LNS_set_file:
		m->file = take_uleb(c);
		break;
	case DW_LNS_const_add_pc:
		m->address +=
			(uint64_t)((255 - f->opcode_base) / f->line_range) * f->min_instruction;
		break;
	case DW_LNS_fixed_advance_pc:
		m->address += take_u16(c);
		break;
	default:
		for (unsigned i = 0; i < f->lengths[opcode]; i++)
			take_uleb(c);
		break;
	}
}

void unit_lines(struct unit *u, struct names_builder *b, uint32_t order)
{
	struct map64 *run = &u->dwarf->lines_run;
	struct files *f = unit_files(u, b);
	struct cursor c = f->program;
	struct machine m;
	uint64_t known;

	reset(&m);
	/* Partial units share the program of another one. */
	if (!c.at || !f->line_range || !f->opcode_base || map64_find(run, u->lines, &known))
		return;
	map64_set(run, u->lines, 1);
	while (c.at < c.end) {
		uint8_t opcode = take_u8(&c);

		if (opcode >= f->opcode_base) {
			unsigned step = opcode - f->opcode_base;

			m.address += (uint64_t)(step / f->line_range) * f->min_instruction;
			m.line += (uint64_t)(int64_t)(f->line_base + (int)(step % f->line_range));
			emit(f, &m);
		} else if (opcode == 0) {
			run_extended(f, &c, &m, order);
		} else {
			run_standard(f, &c, &m, opcode);
		}
	}
	names_rows_end(b, 0, order); /* one without an end is dropped */
}
