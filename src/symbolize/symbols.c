/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that names the addresses of one image. */
#include "symbolize/symbols.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "elf/extent.h"
#include "elf/plt.h"
#include "elf/regions.h"
#include "maps/debugfile.h"
#include "symbolize/debuginfod.h"
#include "symbolize/dwarf.h"
#include "symbolize/go.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_TABLES = 16, /* of one image; then they are made one */
	/* Up to here all debug information is read at once; beyond, what is asked for. */
	SMALL_DEBUG_BYTES = 12 << 20,
	MAX_SYMBOL_NAME = 4096,
	SMALL_VIEW_BYTES = 4 << 20,
	/* A table that is made faster than it is found is not kept. */
	MIN_CACHED_BYTES = 256 << 10,
};

struct symbols {
	struct image *image;
	struct cache *cache;
	char key[MAX_CACHE_KEY]; /* in the cache; "": it is not kept */
	struct cache_view *view;
	struct names *tables[MAX_TABLES];
	void *made[MAX_TABLES]; /* the bytes of those that were made here */
	size_t n_tables;
	struct cache_view *damaged; /* texts of it may be in use */
	void *left[MAX_TABLES];     /* the same, of tables that were made beside it */
	bool companions_untrusted;  /* a file that the debug information named is anyone's */
	struct go *go;
	struct regions *regions; /* NULL: not asked for yet */
	bool opened, looked_for_debug;
	bool told; /* that something is missing */
	int kept;  /* in the cache, or why not: a negative errno */
	/* Of the file and of its debug file. */
	struct sections *sections, *debug_sections;
	struct elf_file *debug, *mini;
	char *debug_path;
	struct dwarf *dwarf;
};

/* -- the cache -- */

static struct elf_file *debug_file(struct symbols *s)
{
	if (!s->looked_for_debug && s->image->elf && !elf_file_has_debug_info(s->image->elf))
		s->debug = debugfile_open(s->image, &s->debug_path);
	if (!s->looked_for_debug && !s->debug && s->image->build_id.len) {
		/* A server may have had it, now or some day. */
		auto_free char *path = debuginfod_path(&s->image->build_id);

		s->debug = path ? debugfile_open_ours(path, &s->image->build_id) : NULL;
		s->debug_path = s->debug ? steal(path) : NULL;
	}
	s->looked_for_debug = true;
	return s->debug;
}

/* Could a new table know more than one with these flags? */
static bool is_outdated(struct symbols *s, unsigned flags)
{
	struct elf_file *elf = s->image->elf, *debug;

	if (flags & (NAMES_DEBUG_INFO | NAMES_NO_DEBUG_INFO) || !elf)
		return false;
	if (elf_file_has_debug_info(elf))
		return true;
	debug = flags & NAMES_OF_DEBUG_FILE ? NULL : debug_file(s);
	return debug || (!(flags & NAMES_STATIC_SYMBOLS) && elf_file_has_symtab(elf));
}

static void drop_tables(struct symbols *s)
{
	for (size_t i = 0; i < s->n_tables; i++) {
		names_free(s->tables[i]);
		free(s->made[i]);
	}
	s->n_tables = 0;
	cache_view_free(s->view);
	s->view = NULL;
}

/* The entry is not what was written. What was found in it before stays readable. */
static void leave_damaged(struct symbols *s)
{
	for (size_t i = 0; i < s->n_tables; i++) {
		names_free(s->tables[i]);
		s->left[i] = s->made[i];
	}
	s->n_tables = 0;
	s->damaged = steal(s->view);
}

/* Tables lie one behind the other in an entry. */
static void load_cached(struct symbols *s)
{
	names_need *need = cache_view_need;
	size_t at = 0;

	s->view = s->cache && *s->key ? cache_view_open(s->cache, s->key) : NULL;
	/* A small one is checked as a whole, and then no more. */
	if (s->view && s->view->bytes <= SMALL_VIEW_BYTES &&
	    cache_view_need(s->view, s->view->data, s->view->bytes))
		need = NULL;
	while (s->view && at < s->view->bytes && s->n_tables < MAX_TABLES) {
		struct names *n =
			names_open(s->view->data + at, s->view->bytes - at, need, s->view);

		if (!n)
			break;
		s->made[s->n_tables] = NULL;
		s->tables[s->n_tables++] = n;
		at += names_bytes(n);
	}
	if (!s->n_tables || is_outdated(s, names_flags(s->tables[0])))
		drop_tables(s);
}

/* Writes all tables again: what was there, and what was made since. */
static void store(struct symbols *s)
{
	struct str all auto_release(str_release) = {0};

	/* What is missing may come. */
	if (!s->cache || !*s->key || s->companions_untrusted ||
	    !image_may_cache(s->image, s->debug) || (s->dwarf && dwarf_is_partial(s->dwarf)))
		return;
	for (size_t i = 0; i < s->n_tables; i++) {
		const void *data = names_data(s->tables[i]);
		size_t bytes = names_bytes(s->tables[i]);

		if (!s->made[i] && !cache_view_need(s->view, data, bytes))
			return;
		str_add(&all, data, bytes);
	}
	if (all.len >= MIN_CACHED_BYTES || s->dwarf)
		s->kept = cache_put(s->cache, s->key, all.text, all.len);
}

/* -- files -- */

static struct sections *open_named(void *symbols, const char *directory, const char *path,
				   const struct build_id *id);

static void open_files(struct symbols *s)
{
	const struct dwarf_source source = {open_named, s};
	struct sections *debug;

	if (s->opened)
		return;
	s->opened = true;
	s->sections = sections_new(s->image->elf);
	if (debug_file(s))
		s->debug_sections = sections_new(s->debug);
	debug = s->debug_sections ? s->debug_sections : s->sections;
	if (debug)
		s->dwarf = dwarf_new(debug, &source);
	if (s->sections && !elf_file_has_symtab(s->image->elf) && !s->debug)
		s->mini = sections_debugdata(s->sections);
}

static struct sections *open_path(struct symbols *s, const char *folder, const char *path,
				  const struct build_id *id)
{
	auto_free char *joined =
		*path == '/' || !*folder ? mem_strdup(path) : mem_printf("%s/%s", folder, path);
	struct elf_file *f = debugfile_open_named(s->image, joined, id);
	struct sections *sections = f ? sections_new(f) : NULL;

	if (!sections) {
		elf_file_free(f);
		return NULL;
	}
	s->companions_untrusted |= s->image->root != ROOT_OURS || !elf_file_is_trusted(f);
	sections_own(sections, f);
	return sections;
}

/* For the debug information: the alternate file by its build id, the package of split units (no
 * path), or a file of split units. */
static struct sections *open_named(void *symbols, const char *directory, const char *path,
				   const struct build_id *id)
{
	struct symbols *s = symbols;
	const char *own = s->debug_path ? s->debug_path : s->image->path;
	auto_free char *folder = path_folder(own);
	const char *slash = strrchr(path, '/');
	struct sections *found;

	if (id) {
		auto_free char *by_id = debugfile_path(id);

		found = open_path(s, folder, path, id);
		return found || !by_id ? found : open_path(s, "", by_id, id);
	}
	if (!*path) {
		auto_free char *package = mem_printf("%s.dwp", own);
		auto_free char *of_program = mem_printf("%s.dwp", s->image->path);

		found = open_path(s, "", package, NULL);
		return found ? found : open_path(s, "", of_program, NULL);
	}
	found = open_path(s, directory, path, NULL);
	return found ? found : open_path(s, folder, slash ? slash + 1 : path, NULL);
}

/* -- making tables -- */

/* Of code, to find out how far symbols without a size go. */
enum { MAX_EXTENTS_BYTES = 4 << 20 };

struct adding {
	struct names_builder *builder;
	const uint64_t *addresses; /* only symbols that hold one of them; NULL: all */
	size_t n;
	const struct elf_file *elf; /* that has the code */
	struct insn_reader *reader; /* NULL: how far code goes is not known */
	uint64_t bytes_read;        /* to find out */
};

static bool holds_one(const struct adding *a, uint64_t lo, uint64_t hi)
{
	size_t first = count_before(a->n, i, a->addresses[i] < lo);

	return first < a->n && a->addresses[first] < hi;
}

static void add_symbol(void *adding, const struct elf_symbol *e)
{
	struct adding *a = adding;
	size_t n = strnlen(e->name, MAX_SYMBOL_NAME);
	const char *version = memchr(e->name, '@', n);
	bool is_plt =
		version && n - (size_t)(version - e->name) == 4 && memcmp(version, "@plt", 4) == 0;
	size_t len = version && version > e->name && !is_plt ? (size_t)(version - e->name) : n;
	size_t underscores = MIN(strspn(e->name, "_"), (size_t)7);
	struct names_symbol s = {.address = e->address,
				 .reach = e->reach,
				 .name = e->name,
				 .len = len,
				 .is_sized = e->size};

	/* One without a size goes as far as its code does, and ends where the next begins,
	 * whichever that is. */
	if (!e->size && a->reader) {
		s.reach = code_extent(a->reader, a->elf, e->address,
				      a->bytes_read < MAX_EXTENTS_BYTES ? e->reach : 1);
		a->bytes_read += s.reach;
	}
	if (a->addresses && e->size && !holds_one(a, e->address, e->address + e->reach)) {
		names_symbol_bound(a->builder, e->address);
		return;
	}
	/* The winner among aliases: sized, a function, few underscores, global, then weak, and not
	 * of an old version. */
	s.merit = (e->size ? 128u : 0) + (e->is_function ? 64u : 0) +
		  8 * (7 - (uint32_t)underscores) +
		  (version && !is_plt && version[1] != '@' ? 0 : 1);
	if (e->is_global)
		s.merit += 4;
	else if (e->is_weak)
		s.merit += 2;
	if (is_plt)
		s.merit = 0;
	names_symbol(a->builder, &s);
}

static unsigned add_symbols(struct symbols *s, struct adding *a)
{
	struct elf_file *elf = s->image->elf, *best = elf;
	unsigned flags = 0;

	if (s->debug && elf_file_has_symtab(s->debug))
		best = s->debug;
	elf_file_symbols(best, add_symbol, a);
	if (elf_file_has_symtab(best))
		flags = NAMES_STATIC_SYMBOLS;
	else
		entry_symbols(elf, add_symbol, a);
	if (s->mini && elf_file_symbols(s->mini, add_symbol, a))
		flags = NAMES_MINI_SYMBOLS;
	if (s->sections)
		plt_symbols(s->sections, add_symbol, a);
	return flags;
}

/* Takes a finished table. */
static void take_table(struct symbols *s, struct names_builder *b, unsigned flags)
{
	size_t bytes;
	void *data = names_finish(b, flags, &bytes);
	struct names *n = data ? names_open(data, bytes, NULL, NULL) : NULL;

	if (!n) {
		free(data);
		return;
	}
	s->made[s->n_tables] = data;
	s->tables[s->n_tables++] = n;
}

/* Is all to be read at once? */
static bool reads_all(const struct symbols *s, bool all)
{
	/* What was known with debug information that is gone now stays. */
	if (!s->dwarf)
		return !s->n_tables || !(names_flags(s->tables[0]) & NAMES_DEBUG_INFO);
	return all || s->n_tables == MAX_TABLES ||
	       (dwarf_bytes(s->dwarf) <= SMALL_DEBUG_BYTES && !dwarf_is_split(s->dwarf));
}

static unsigned flags_of(const struct symbols *s)
{
	const struct elf_file *best = s->debug ? s->debug : s->image->elf;

	if (s->dwarf)
		return NAMES_DEBUG_INFO | (s->debug ? NAMES_OF_DEBUG_FILE : 0);
	return (s->debug ? NAMES_OF_DEBUG_FILE : 0) |
	       (elf_file_has_debug_info(best) ? NAMES_NO_DEBUG_INFO : 0);
}

static void make_table(struct symbols *s, const uint64_t *addresses, size_t n, bool all)
{
	struct adding adding = {.n = n, .elf = s->image->elf};
	uint64_t min, max;
	unsigned flags;

	open_files(s);
	all = reads_all(s, all);
	if (!all && s->n_tables == MAX_TABLES)
		return; /* no more is to be had */
	if (all)
		drop_tables(s);
	elf_file_code_range(s->image->elf, &min, &max);
	adding.builder = names_builder_new(min);
	adding.addresses = all ? NULL : addresses;
	adding.reader = insn_reader_new();
	flags = add_symbols(s, &adding) | flags_of(s);
	insn_reader_free(adding.reader);
	if (s->dwarf && all)
		dwarf_all(s->dwarf, adding.builder);
	else if (s->dwarf)
		dwarf_some(s->dwarf, addresses, n, adding.builder);
	for (size_t i = 0; !s->dwarf && !all && i < n; i++)
		names_cover(adding.builder, addresses[i], addresses[i] + 1);
	take_table(s, adding.builder, flags);
	names_builder_free(adding.builder);
	if (s->dwarf && dwarf_is_partial(s->dwarf) && !s->told) {
		log_warn("%s: its .dwo or .dwp files are not here: functions that are inlined in "
			 "others do not show",
			 s->image->path);
		s->told = true;
	}
	store(s);
}

/* -- */

struct symbols *symbols_new(struct image *image, struct cache *cache)
{
	struct symbols *s = mem_alloc(sizeof(*s));

	s->image = image;
	s->cache = cache;
	s->go = go_new(image->elf);
	image_cache_key(image, "names", NAMES_VERSION, s->key);
	load_cached(s);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	drop_tables(s);
	cache_view_free(s->damaged);
	for (size_t i = 0; i < MAX_TABLES; i++)
		free(s->left[i]);
	go_free(s->go);
	regions_free(s->regions);
	dwarf_free(s->dwarf);
	elf_file_free(s->mini);
	sections_free(s->debug_sections);
	sections_free(s->sections);
	elf_file_free(s->debug);
	free(s->debug_path);
	free(s);
}

static bool symbols_is_known(const struct symbols *s, uint64_t address)
{
	struct place go[MAX_PLACES];

	for (size_t i = 0; i < s->n_tables; i++)
		if (names_covers(s->tables[i], address))
			return true;
	return s->go && go_find(s->go, address, go);
}

bool symbols_is_whole(const struct symbols *s)
{
	return s->n_tables == 1 && names_is_whole(s->tables[0]);
}

void symbols_prepare(struct symbols *s, const uint64_t *addresses, size_t n, bool all)
{
	auto_free uint64_t *unknown = mem_array(n + 1, sizeof(*unknown));
	size_t n_unknown = 0;

	for (size_t i = 0; i < n; i++)
		if (!symbols_is_known(s, addresses[i]))
			unknown[n_unknown++] = addresses[i];
	if (n_unknown || (all && !symbols_is_whole(s)))
		make_table(s, unknown, n_unknown, all);
}

/* By the tables that are there. */
static enum named_by symbols_find_any(struct symbols *s, uint64_t address, struct place *ret,
				      size_t *ret_n)
{
	const char *symbol = NULL;
	unsigned flags = 0;
	uint64_t start;
	bool sized;

	*ret_n = 0;
	ret[0] = (struct place){0};
	for (size_t i = 0; i < s->n_tables; i++) {
		if (!names_covers(s->tables[i], address))
			continue;
		flags = names_flags(s->tables[i]);
		*ret_n = names_find(s->tables[i], address, ret);
		symbol = names_find_symbol(s->tables[i], address, &start, &sized);
		break;
	}
	if (*ret_n) {
		if (symbol && (sized || !ret[*ret_n - 1].function))
			ret[*ret_n - 1].function = symbol;
		return BY_DEBUG_INFO;
	}
	if (!symbol)
		return BY_NOTHING;
	ret[0].function = symbol;
	*ret_n = 1;
	return flags & NAMES_MINI_SYMBOLS ? BY_MINI_SYMBOLS : BY_SYMBOLS;
}

enum named_by symbols_find(struct symbols *s, uint64_t address, struct place *ret, size_t *ret_n)
{
	enum named_by by;

	if (s->go) {
		*ret_n = go_find(s->go, address, ret);
		if (*ret_n)
			return BY_GO;
	}
	by = symbols_find_any(s, address, ret, ret_n);
	if (s->view && s->view->damaged) {
		leave_damaged(s);
		make_table(s, &address, 1, true);
		by = symbols_find_any(s, address, ret, ret_n);
	}
	return by;
}

bool symbols_start(struct symbols *s, uint64_t address, uint64_t *ret)
{
	uint64_t end;

	if (function_range(s->image->elf, address, ret, &end))
		return true;
	if (!s->regions)
		s->regions = regions_new(s->image->elf);
	return regions_find(s->regions, address, ret, &end);
}

bool symbols_has_debug_info(const struct symbols *s)
{
	return s->n_tables && names_flags(s->tables[0]) & NAMES_DEBUG_INFO;
}

int symbols_kept(const struct symbols *s)
{
	return s->kept;
}
