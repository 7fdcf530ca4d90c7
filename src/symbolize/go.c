/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of Go programs. */
#include "symbolize/go.h"

#include "base/mem.h"
#include "base/sort.h"

enum {
	MAX_STEPS = 1 << 16, /* of one table of a function */
	MAX_SCAN = 64 << 20,
	MAX_CANDIDATES = 16,
	FUNCDATA_INLINES = 3,
	PCDATA_INLINES = 2,
	MAX_FUNCDATA = 64,
	MAX_FUNCTION_ID = 64, /* there are some 25 */
	TREES_TO_TRY = 16,
};

/* Words of runtime.moduledata. Where the functions' data begin is word 38 in Go 1.18, 40 in 1.20,
 * and 43 in 1.27, so all of these are tried. */
enum { MODULE_FUNCTAB = 16, MODULE_GOFUNC_FIRST = 36, MODULE_GOFUNC_LAST = 52 };

struct go {
	struct gopclntab t;
	const struct elf_file *file; /* or */
	const uint8_t *data;
	size_t n_data;
	uint64_t data_at;
	uint64_t gofunc; /* what offsets of funcdata begin at, 0: unknown */
};

static bool go_read_at(const struct go *go, uint64_t address, void *to, size_t bytes)
{
	if (go->file)
		return elf_file_read(go->file, address, to, bytes);
	if (address < go->data_at || address - go->data_at > go->n_data ||
	    bytes > go->n_data - (address - go->data_at))
		return false;
	memcpy(to, go->data + (address - go->data_at), bytes);
	return true;
}

/* -- one function -- */

struct go_function {
	uint64_t entry, bytes, at; /* `at`: the fields behind the entry */
	uint64_t pcfile, pcline, unit;
	uint32_t n_pcdata, n_funcdata, start_line;
	uint64_t pcdata, funcdata; /* where these tables begin */
};

static const char *go_text_at(const struct gopclntab *t, uint64_t offset)
{
	if (offset >= t->n || !memchr(t->bytes + offset, '\0', t->n - offset))
		return NULL;
	return t->bytes[offset] ? (const char *)t->bytes + offset : NULL;
}

static void go_read_function(const struct gopclntab *t, uint64_t i, struct go_function *ret)
{
	uint64_t at = gopclntab_function(t, i);
	unsigned more = t->has_start_line ? 4 : 0;

	*ret = (struct go_function){.entry = gopclntab_entry(t, i), .at = at};
	ret->bytes = gopclntab_entry(t, i + 1) - ret->entry;
	ret->pcfile = gopclntab_get(t, at + 16, 4);
	ret->pcline = gopclntab_get(t, at + 20, 4);
	ret->n_pcdata = (uint32_t)gopclntab_get(t, at + 24, 4);
	ret->unit = gopclntab_get(t, at + 28, 4);
	ret->start_line = more ? (uint32_t)gopclntab_get(t, at + 32, 4) : 0;
	ret->n_funcdata = (uint32_t)gopclntab_get(t, at + 32 + more + 3, 1);
	ret->pcdata = at + 36 + more;
	ret->funcdata = ret->pcdata + 4ull * ret->n_pcdata;
	if (!t->has_offsets)
		ret->funcdata = (ret->funcdata + 7) & ~7ull;
}

static bool find_function(const struct gopclntab *t, uint64_t address, struct go_function *ret)
{
	uint64_t n = count_before(t->n_functions, i, gopclntab_entry(t, i) <= address);

	if (!n || address >= gopclntab_entry(t, n))
		return false;
	go_read_function(t, n - 1, ret);
	return true;
}

/* The value of a table of a function at an address; -1 where there is none. */
static int32_t value_at(const struct gopclntab *t, uint64_t table, uint64_t entry, uint64_t address)
{
	uint64_t at = t->pctab + table, pc = entry;
	uint32_t delta, step;
	int32_t value = -1;

	if (!table)
		return -1;
	for (int i = 0; i < MAX_STEPS; i++) {
		if (!gopclntab_varint(t, &at, &delta) || (!delta && i))
			return -1;
		value = (int32_t)((uint32_t)value + ((delta >> 1) ^ -(delta & 1)));
		if (!gopclntab_varint(t, &at, &step))
			return -1;
		pc += (uint64_t)step * t->quantum;
		if (address < pc)
			return value;
	}
	return -1;
}

static void go_find_line(const struct gopclntab *t, const struct go_function *f, uint64_t address,
			 struct place *ret)
{
	int32_t file = value_at(t, f->pcfile, f->entry, address);
	int32_t line = value_at(t, f->pcline, f->entry, address);
	uint64_t name;

	if (file < 0 || line < 0)
		return;
	name = gopclntab_get(t, t->units + 4 * (f->unit + (uint32_t)file), 4);
	ret->file = name == UINT32_MAX ? NULL : go_text_at(t, t->files + name);
	ret->line = ret->file ? (uint32_t)line : 0;
}

/* The tree of what is inlined: entries of 20 bytes, of 16 from Go 1.20 on. 0: nothing is. */
static uint64_t inline_tree(const struct gopclntab *t, const struct go_function *f, uint64_t gofunc)
{
	uint64_t offset;

	if (f->n_funcdata <= FUNCDATA_INLINES || f->n_funcdata > MAX_FUNCDATA ||
	    f->n_pcdata <= PCDATA_INLINES)
		return 0;
	if (!t->has_offsets)
		return gopclntab_get(t, f->funcdata + 8 * FUNCDATA_INLINES, 8);
	offset = gopclntab_get(t, f->funcdata + 4 * FUNCDATA_INLINES, 4);
	return offset == UINT32_MAX || !gofunc ? 0 : gofunc + offset;
}

/* One entry: the inlined function's name, and an instruction that is at the place of the call. */
static bool read_inlined(const struct go *go, uint64_t tree, int32_t i, struct place *ret,
			 uint32_t *ret_parent)
{
	const struct gopclntab *t = &go->t;
	uint32_t words[5];
	size_t bytes = t->has_start_line ? 16 : 20;

	if (i < 0 || !go_read_at(go, tree + bytes * (uint32_t)i, words, bytes))
		return false;
	ret->function = go_text_at(t, t->names + words[t->has_start_line ? 1 : 3]);
	*ret_parent = words[t->has_start_line ? 2 : 4];
	ret->start_line = t->has_start_line ? words[3] : 0;
	return ret->function;
}

size_t go_find(const struct go *go, uint64_t address, struct place *ret)
{
	const struct gopclntab *t = &go->t;
	struct go_function f;
	uint64_t tree, pcdata;
	uint32_t parent;
	size_t n = 0;

	if (!find_function(t, address, &f))
		return 0;
	tree = inline_tree(t, &f, go->gofunc);
	pcdata = tree ? gopclntab_get(t, f.pcdata + 4 * PCDATA_INLINES, 4) : 0;
	for (; n < MAX_PLACES - 1; n++) {
		int32_t i = pcdata ? value_at(t, pcdata, f.entry, address) : -1;

		ret[n] = (struct place){0};
		go_find_line(t, &f, address, &ret[n]);
		if (!read_inlined(go, tree, i, &ret[n], &parent))
			break;
		/* The place of the call lies elsewhere in the function. */
		if (f.entry + parent == address)
			pcdata = 0;
		address = f.entry + parent;
	}
	ret[n].function = go_text_at(t, t->names + gopclntab_get(t, f.at, 4));
	ret[n].start_line = f.start_line;
	if (!f.start_line) {
		/* Before 1.20: the line of the first instruction. */
		int32_t line = value_at(t, f.pcline, f.entry, f.entry);

		ret[n].start_line = line > 0 ? (uint32_t)line : 0;
	}
	return ret[n].function ? n + 1 : 0;
}

/* -- runtime.moduledata -- */

static uint64_t go_word_at(const struct go *go, uint64_t address)
{
	uint64_t word = 0;

	go_read_at(go, address, &word, sizeof(word));
	return word ? word : elf_file_relocated(go->file, address, 0);
}

/* Is the first entry of a function's tree one, when the functions' data begin there? It is four
 * bytes, a name, an instruction, and (1.20 on) a line. */
static bool is_tree(const struct go *go, const struct go_function *f, uint64_t gofunc)
{
	const struct gopclntab *t = &go->t;
	uint64_t tree = inline_tree(t, f, gofunc), name;
	struct place place;
	uint32_t parent;
	uint8_t b[4]; /* the function's id, and nothing; before 1.20 the parent, -1, came first */

	if (!go_read_at(go, tree, b, sizeof(b)) || !read_inlined(go, tree, 0, &place, &parent))
		return false;
	name = (uint64_t)((const uint8_t *)place.function - t->bytes);
	if (parent >= f->bytes || name < t->names || (name > t->names && t->bytes[name - 1]))
		return false;
	if (t->has_start_line)
		return b[0] < MAX_FUNCTION_ID && !b[1] && !b[2] && !b[3] && place.start_line;
	return b[0] == 0xff && b[1] == 0xff && b[2] < MAX_FUNCTION_ID && !b[3];
}

/* The functions that are asked: the first that something is inlined in. */
static size_t find_trees(const struct gopclntab *t, struct go_function *ret)
{
	size_t n = 0;

	for (uint64_t i = 0; i < t->n_functions && n < TREES_TO_TRY; i++) {
		go_read_function(t, i, &ret[n]);
		n += inline_tree(t, &ret[n], 1) != 0;
	}
	return n;
}

/* Is it the module's data that begins at the address? Then it knows where the functions' data
 * begin. */
static bool take_module(struct go *go, uint64_t address)
{
	struct go_function functions[TREES_TO_TRY];
	size_t n, ok;

	if (go_word_at(go, address + 8 * MODULE_FUNCTAB) != go->t.address + go->t.functab)
		return false;
	n = find_trees(&go->t, functions);
	for (uint64_t word = MODULE_GOFUNC_FIRST; n && word <= MODULE_GOFUNC_LAST; word++) {
		uint64_t gofunc = go_word_at(go, address + 8 * word);

		for (ok = 0; gofunc && ok < n && is_tree(go, &functions[ok], gofunc);)
			ok++;
		if (ok == n) {
			go->gofunc = gofunc;
			break;
		}
	}
	return true;
}

static void find_module(struct go *go)
{
	static const char *const places[] = {".noptrdata", ".go.module", ".data", ".data.rel.ro"};
	uint64_t words[3];
	int left = MAX_CANDIDATES;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct elf_section s = elf_file_section(go->file, places[i]);

		for (size_t at = 0; s.bytes && at + 8 <= s.n && at < MAX_SCAN; at += 8) {
			memcpy(words, (const char *)s.bytes + at, sizeof(*words));
			if (words[0] == go->t.address && left-- > 0 &&
			    take_module(go, s.address + at))
				return;
		}
	}
	/* Position independent: the words are the loader's to write. */
	{
		struct elf_section s = elf_file_relocations(go->file);

		for (size_t at = 0; s.bytes && at + sizeof(words) <= s.n; at += sizeof(words)) {
			memcpy(words, (const char *)s.bytes + at, sizeof(words));
			if (words[2] == go->t.address && left-- > 0 && take_module(go, words[0]))
				return;
		}
	}
}

struct go *go_new(const struct elf_file *f)
{
	struct go go = {.file = f};

	if (!gopclntab_find(&go.t, f) || !go.t.has_names)
		return NULL;
	if (go.t.has_offsets)
		find_module(&go);
	return mem_dup(&go, sizeof(go));
}

struct go *go_over(const struct gopclntab *t, const uint8_t *data, size_t n, uint64_t address)
{
	struct go go = {.t = *t, .data = data, .n_data = n, .data_at = address, .gofunc = address};

	return mem_dup(&go, sizeof(go));
}

void go_free(struct go *go)
{
	free(go);
}
