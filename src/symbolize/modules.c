/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the files that processes run. */
#include "symbolize/modules.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "elf/sections.h"
#include "maps/debugfile.h"
#include "maps/packages.h"
#include "maps/spaces.h"
#include "proc/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct finding {
	struct modules *m;
	struct images *images;
	struct map64 places; /* image -> module */
};

const char *module_symbols_word(enum module_symbols symbols)
{
	static const char *const words[] = {[SYMBOLS_NONE] = "none",
					    [SYMBOLS_EXPORTED] = "exported",
					    [SYMBOLS_MINI] = "mini",
					    [SYMBOLS_FULL] = "full"};

	return words[symbols];
}

static enum module_symbols symbols_of(const struct elf_file *f)
{
	struct sections *s;
	bool mini;

	if (elf_file_has_symtab(f))
		return SYMBOLS_FULL;
	s = sections_new(f);
	mini = s && sections_has(s, ".gnu_debugdata");
	sections_free(s);
	if (mini)
		return SYMBOLS_MINI;
	return elf_file_symbol_bytes(f) ? SYMBOLS_EXPORTED : SYMBOLS_NONE;
}

static void look_at(struct module *m, const struct image *image)
{
	struct elf_file *debug;

	m->readable = image->elf;
	if (!image->elf)
		return;
	m->unwind = elf_file_eh_frame_hdr(image->elf) ||
		    elf_file_section(image->elf, ".eh_frame").n ||
		    elf_file_section(image->elf, ".gopclntab").n;
	m->symbols = elf_file_section(image->elf, ".gopclntab").n ? SYMBOLS_FULL
								  : symbols_of(image->elf);
	m->dwarf = elf_file_has_debug_info(image->elf);
	if (image->kind != IMAGE_FILE)
		return;
	debug = debugfile_open(image, &m->debug_file);
	if (debug) {
		m->dwarf |= elf_file_has_debug_info(debug);
		if (elf_file_has_symtab(debug))
			m->symbols = SYMBOLS_FULL;
	}
	elf_file_free(debug);
	if (!m->dwarf || m->symbols != SYMBOLS_FULL)
		m->package = package_of(m->path);
}

static void add_map(struct finding *f, const struct space *space, const struct space_map *map)
{
	struct image *image = images_open(f->images, map->image, space->pid, map->start, map->end);
	uint64_t at;

	if (map64_find(&f->places, (uint64_t)(uintptr_t)image, &at)) {
		f->m->all[at].processes++;
		return;
	}
	array_reserve(f->m->all, f->m->cap, f->m->n + 1);
	map64_set(&f->places, (uint64_t)(uintptr_t)image, f->m->n);
	f->m->all[f->m->n] = (struct module){
		.path = mem_strdup(image->path), .kind = image->kind, .processes = 1};
	build_id_hex(&image->build_id, f->m->all[f->m->n].build_id);
	look_at(&f->m->all[f->m->n++], image);
}

/* Does the process tell the names of what it generates? */
static bool names_code(const struct space *space)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", space->pid,
		 process_inner_pid(space->pid));
	return access(path, R_OK) == 0 || space_jitdump(space);
}

static int modules_add_process(struct finding *f, pid_t pid)
{
	struct space space = {.pid = pid};
	bool generates = false;
	int code = space_scan(&space, f->images);

	f->m->processes += space.n != 0;
	f->m->unreadable += code == -EACCES || code == -EPERM;
	for (size_t i = 0; i < space.n; i++) {
		generates |= space.maps[i].image->kind == IMAGE_ANONYMOUS;
		/* An image has several mappings: once is enough for a process. */
		if (!i || space.maps[i].image != space.maps[i - 1].image)
			add_map(f, &space, &space.maps[i]);
	}
	f->m->generating += generates;
	f->m->naming += generates && names_code(&space);
	free(space.maps);
	return code;
}

static void visit(void *ctx, pid_t pid)
{
	modules_add_process(ctx, pid);
}

static int by_use(const void *x, const void *y)
{
	const struct module *a = x, *b = y;

	if (a->processes != b->processes)
		return a->processes < b->processes ? 1 : -1;
	return strcmp(a->path, b->path);
}

int modules_find(pid_t pid, struct modules *ret)
{
	struct finding f = {.m = ret, .images = images_new()};
	int code = 0;

	*ret = (struct modules){0};
	if (pid)
		code = modules_add_process(&f, pid);
	else
		processes_each(visit, &f);
	if (!pid)
		qsort(ret->all, ret->n, sizeof(*ret->all), by_use);
	map64_release(&f.places);
	images_free(f.images);
	return code;
}

void modules_release(struct modules *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->all[i].path);
		free(m->all[i].debug_file);
		free(m->all[i].package);
	}
	free(m->all);
	*m = (struct modules){0};
}
