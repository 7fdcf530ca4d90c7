/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names FILE [CACHE-FOLDER [all]] < ADDRESSES: names addresses of an ELF file, in the form of
 * llvm-symbolizer --no-demangle: the levels from the innermost outwards, each as the function and
 * FILE:LINE, then an empty line.
 */
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "symbolize/symbols.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static uint64_t *read_addresses(size_t *ret_n)
{
	uint64_t *all = NULL;
	size_t cap = 0;
	char line[64];

	*ret_n = 0;
	while (fgets(line, sizeof(line), stdin)) {
		array_reserve(all, cap, *ret_n + 1);
		all[(*ret_n)++] = strtoull(line, NULL, 16);
	}
	return all;
}

static void put_place(struct str *out, const struct place *p)
{
	char digits[16], *at = digits + sizeof(digits);
	uint32_t line = p->file ? p->line : 0;

	*--at = '\0';
	do
		*--at = (char)('0' + line % 10);
	while (line /= 10);
	str_puts(out, p->function ? p->function : "??");
	str_putc(out, '\n');
	str_puts(out, p->file ? p->file : "??");
	str_putc(out, ':');
	str_puts(out, at);
	str_putc(out, '\n');
}

int main(int argc, char **argv)
{
	struct image image = {.kind = IMAGE_FILE,
			      .path = realpath(argv[argc > 1], NULL),
			      .root = ROOT_OURS,
			      .by_path = true};
	struct cache *cache = argc > 2 && *argv[2] ? cache_new(argv[2]) : NULL;
	bool all = argc > 3 && str_equal(argv[3], "all");
	struct place places[MAX_PLACES];
	struct symbols *symbols;
	struct str out = {0};
	uint64_t *wanted, *sorted;
	size_t n, levels;

	if (argc < 2 || elf_file_open(open(argv[1], O_RDONLY | O_CLOEXEC), &image.elf)) {
		fprintf(stderr, "usage: names ELF-FILE [CACHE-FOLDER [all]] < ADDRESSES\n");
		return 2;
	}
	elf_file_build_id(image.elf, &image.build_id);
	wanted = read_addresses(&n);
	sorted = mem_array(n + 1, sizeof(*sorted));
	if (n)
		memcpy(sorted, wanted, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_u64);
	symbols = symbols_new(&image, cache);
	symbols_prepare(symbols, sorted, n, all);
	for (size_t i = 0; i < n; i++) {
		symbols_find(symbols, wanted[i], places, &levels);
		for (size_t p = 0; p < levels || !p; p++)
			put_place(&out, &places[p]);
		str_putc(&out, '\n');
	}
	fwrite(out.text, 1, out.len, stdout);
	str_release(&out);
	symbols_free(symbols);
	elf_file_free(image.elf);
	free(image.path);
	cache_free(cache);
	free(wanted);
	free(sorted);
	return 0;
}
