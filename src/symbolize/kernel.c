/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver of kernel addresses: /proc/kallsyms, read when the first one is asked for. */
#include "symbolize/kallsyms.h"

#include "base/authority.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "symbolize/resolver.h"
#include "symbolize/vmlinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Text beyond the last symbol of the kernel or of a module belongs to nobody. */
enum { MAX_GAP = 1 << 20, MAX_LINE = 4096 };

static bool kernel_parse_line(char *line, struct symtab_entry *e)
{
	char *p = line, *bracket;
	uint64_t address = 0;

	for (; *p && *p != ' '; p++) {
		unsigned digit = hex_digit(*p);

		if (digit > 15 || p - line == 16)
			return false;
		address = address << 4 | digit;
	}
	if (p == line || *p != ' ' || !strchr("tTwW", p[1]) || !p[1] || p[2] != ' ' || !p[3])
		return false;
	*e = (struct symtab_entry){.address = address, .reach = MAX_GAP, .name = p + 3};
	if (p[1] == 'T')
		e->merit = 2;
	else if (p[1] != 't') /* weak */
		e->merit = 1;
	p = strchrnul(p + 3, '\t');
	if (*p) {
		*p++ = '\0';
		bracket = strchrnul(p, ']');
		if (*p != '[' || !*bracket)
			return false;
		bracket[1] = '\0';
		e->module = p;
	}
	return *e->name;
}

size_t kallsyms_parse(char *text, struct symtab *t)
{
	size_t n = 0;

	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		struct symtab_entry e;

		*end = '\0';
		if (!kernel_parse_line(line, &e) || !e.address)
			continue;
		symtab_add(t, &e);
		n++;
	}
	return n;
}

/* Reads the file in pieces: as a whole it is 5 MB. */
static int kallsyms_read(struct symtab *t)
{
	with_authority(KERNEL_NAMES);
	auto_close int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	auto_free char *buffer = mem_alloc(65536 + MAX_LINE);
	size_t kept = 0, n = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(fd, buffer + kept, 65535);
		char *last;

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		kept += (size_t)got;
		buffer[kept] = '\0';
		last = memrchr(buffer, '\n', kept);
		if (!last && kept > MAX_LINE)
			return -EBADMSG;
		if (!last)
			continue;
		kept -= (size_t)(last + 1 - buffer);
		if (kept >= MAX_LINE)
			return -EBADMSG;
		/* Parse whole lines; a copy of the rest waits for the next piece. */
		{
			char rest[MAX_LINE];

			memcpy(rest, last + 1, kept);
			last[1] = '\0';
			n += kallsyms_parse(buffer, t);
			memcpy(buffer, rest, kept);
		}
	}
	if (!n)
		return -EACCES;
	symtab_finish(t);
	return 0;
}

/* What the kernel's image keeps. */
struct kernel_names {
	struct symtab *table;    /* of /proc/kallsyms, where the kernel cannot be asked */
	struct vmlinux *vmlinux; /* NULL: not installed */
};

static void names_free_all(void *names)
{
	struct kernel_names *k = names;

	symtab_free(k->table);
	vmlinux_free(k->vmlinux);
	free(k);
}

bool kernel_words_parse(char *text, uint64_t *ret_offset, char **ret_module)
{
	char *plus = strrchr(text, '+'), *slash = plus ? strchr(plus, '/') : NULL;
	char *bracket = slash ? strchr(slash, '[') : NULL;
	char *end = bracket ? strchr(bracket, ']') : NULL;

	if (!slash || plus == text || !str_starts(plus, "+0x"))
		return false;
	*ret_offset = strtoull(plus + 3, NULL, 16);
	*plus = '\0';
	*ret_module = NULL;
	if (end) {
		end[1] = '\0';
		*ret_module = bracket;
	} else if (str_starts(text, "bpf_prog_")) {
		*ret_module = "[bpf]";
	}
	return true;
}

static void kernel_answer(struct query *q, const char *name, const char *module)
{
	char *owned = mem_strdup(name);

	query_answer(q, BY_KERNEL, &(struct place){.function = owned}, owned);
	q->module = module ? mem_strdup(module) : NULL;
}

/* Asks the kernel. Returns false when it cannot be asked at all. */
static bool resolve_by_kernel(struct image *image, struct query **queries, size_t n)
{
	bool any = false;

	for (size_t i = 0; image->name_address && i < n; i++) {
		char text[512], *module;
		uint64_t offset;

		if (queries[i]->n) {
			any = true;
			continue;
		}
		if (!image->name_address(image->name_ctx, queries[i]->offset, text, sizeof(text)))
			continue;
		any = true;
		if (!kernel_words_parse(text, &offset, &module))
			continue;
		kernel_answer(queries[i], text, module);
	}
	return any;
}

/* Code that came or went while we watched. */
static void resolve_generated(struct image *image, struct query **queries, size_t n)
{
	struct code_place is;

	for (size_t i = 0; image->jit && i < n; i++)
		if (jit_find(image->jit, queries[i]->offset, UINT64_MAX, &is))
			kernel_answer(queries[i], is.name,
				      str_starts(is.name, "bpf_") ? "[bpf]" : NULL);
}

static struct kernel_names *kernel_names_of(struct image *image, struct cache *cache)
{
	struct kernel_names *k = image->symbols;

	if (k)
		return k;
	k = mem_alloc(sizeof(*k));
	k->vmlinux = vmlinux_new(cache);
	image->symbols = k;
	image->free_symbols = names_free_all;
	return k;
}

static void resolve_by_table(struct kernel_names *k, struct query **queries, size_t n)
{
	if (!k->table) {
		k->table = symtab_new();
		if (kallsyms_read(k->table))
			log_warn("kernel functions have no names: /proc/kallsyms hides addresses; "
				 "as root: sysctl kernel.kptr_restrict=0");
	}
	for (size_t i = 0; i < n; i++) {
		struct symtab_hit hit;

		if (!queries[i]->n && symtab_find(k->table, queries[i]->offset, &hit))
			kernel_answer(queries[i], hit.name, hit.module);
	}
}

/* Adds lines and what is inlined to names that are known. */
static void kernel_add_lines(struct vmlinux *v, struct query **queries, size_t n)
{
	auto_free uint64_t *addresses = mem_array(n + 1, sizeof(*addresses));
	struct place places[MAX_PLACES];

	for (size_t i = 0; i < n; i++)
		addresses[i] = queries[i]->offset;
	vmlinux_prepare(v, addresses, n);
	for (size_t i = 0; i < n; i++) {
		size_t levels = vmlinux_find(v, queries[i]->offset, places);
		const char *name = queries[i]->n ? queries[i]->places[0].function : NULL;

		if (!levels || queries[i]->module)
			continue;
		if (name)
			places[levels - 1].function = name;
		free(queries[i]->places);
		queries[i]->places = mem_dup(places, levels * sizeof(*places));
		queries[i]->n = levels;
		queries[i]->by = BY_KERNEL;
	}
}

static void kernel_resolve(struct image *image, const struct resolving *with,
			   struct query **queries, size_t n)
{
	struct kernel_names *k;

	if (image->kind != IMAGE_KERNEL)
		return;
	k = kernel_names_of(image, with->cache);
	resolve_generated(image, queries, n);
	if (!resolve_by_kernel(image, queries, n))
		resolve_by_table(k, queries, n);
	if (k->vmlinux)
		kernel_add_lines(k->vmlinux, queries, n);
}

const struct resolver resolver_kernel = {"kernel", "kernel symbols", kernel_resolve};
