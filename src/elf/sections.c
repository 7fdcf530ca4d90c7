/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections that are read in bulk. */
#include "elf/sections.h"

#include "base/filemap.h"
#include "base/mem.h"
#include "base/str.h"

#include <endian.h>
#include <gelf.h>
#include <libdeflate.h>
#include <lzma.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <zstd.h>

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

enum {
	MAX_NAME = 64,
	MAX_SECTIONS = 65536,
	MAX_DEBUGDATA = 64 << 20,
	/* What compressed bytes can grow to: deflate at most 1032 times; zstd could more. */
	MAX_GROWTH = 1100,
};
/* At once, of all files: many sections may be the same compressed bytes. */
#define MAX_INFLATED (4ull << 30)

static atomic_ullong inflated;

/* One that was asked for. */
struct section {
	struct section *next;
	char name[MAX_NAME];
	struct elf_section is;
	void *inflated; /* NULL: mapped from the file */
	size_t n_inflated;
};

struct sections {
	const struct elf_file *file;
	struct elf_file *own;
	struct file_map map;
	const uint8_t *bytes; /* of the whole file */
	size_t n;
	struct section *first;
	void *debugdata;
};

struct sections *sections_new(const struct elf_file *f)
{
	struct sections *s = mem_alloc(sizeof(*s));

	s->file = f;
	if (elf_file_map(f, &s->map, &s->bytes, &s->n)) {
		free(s);
		return NULL;
	}
	return s;
}

void sections_free(struct sections *s)
{
	struct section *next;

	if (!s)
		return;
	for (struct section *one = s->first; one; one = next) {
		next = one->next;
		if (one->inflated)
			munmap(one->inflated, one->n_inflated);
		atomic_fetch_sub(&inflated, one->inflated ? one->n_inflated : 0);
		free(one);
	}
	file_unmap(&s->map);
	elf_file_free(s->own);
	free(s->debugdata);
	free(s);
}

void sections_own(struct sections *s, struct elf_file *f)
{
	s->own = f;
}

/* Its header; false when there is none of that name. */
static bool find_header(const struct sections *s, const char *name, GElf_Shdr *ret)
{
	Elf *elf = elf_file_handle(s->file);
	Elf_Scn *scn = NULL;
	size_t names, n = 0;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while (n++ < MAX_SECTIONS && (scn = elf_nextscn(elf, scn))) {
		const char *is = gelf_getshdr(scn, ret) ? elf_strptr(elf, names, ret->sh_name) : "";

		if (is && str_equal(is, name))
			return ret->sh_type != SHT_NOBITS && ret->sh_offset <= s->n &&
			       ret->sh_size <= s->n - ret->sh_offset;
	}
	return false;
}

static bool inflate_zlib(const uint8_t *from, size_t n, void *to, size_t want)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	bool ok = d && libdeflate_zlib_decompress(d, from, n, to, want, NULL) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(d);
	return ok;
}

/* Inflates what lies behind the header of a compressed section. */
static void sections_inflate(struct section *one, bool is_zstd, const uint8_t *from, size_t n,
			     uint64_t want)
{
	bool ok;

	if (!want || want > MAX_INFLATED || want / MAX_GROWTH > n)
		return;
	if (atomic_fetch_add(&inflated, want) + want > MAX_INFLATED) {
		atomic_fetch_sub(&inflated, want);
		return;
	}
	one->inflated =
		mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (one->inflated == MAP_FAILED) {
		one->inflated = NULL;
		atomic_fetch_sub(&inflated, want);
		return;
	}
	one->n_inflated = want;
	madvise(one->inflated, want, MADV_HUGEPAGE); /* most of the time went on page faults */
	ok = is_zstd ? ZSTD_decompress(one->inflated, want, from, n) == want
		     : inflate_zlib(from, n, one->inflated, want);
	if (!ok) {
		munmap(steal(one->inflated), want);
		atomic_fetch_sub(&inflated, want);
		return;
	}
	one->is.bytes = one->inflated;
	one->is.n = want;
}

static void load_compressed(struct section *one, const uint8_t *from, size_t n, bool is_64)
{
	Elf64_Chdr head;
	Elf32_Chdr head32;
	size_t skip = is_64 ? sizeof(head) : sizeof(head32);

	if (n < skip)
		return;
	if (is_64) {
		memcpy(&head, from, sizeof(head));
	} else {
		memcpy(&head32, from, sizeof(head32));
		head = (Elf64_Chdr){.ch_type = head32.ch_type, .ch_size = head32.ch_size};
	}
	if (head.ch_type == ELFCOMPRESS_ZLIB || head.ch_type == ELFCOMPRESS_ZSTD)
		sections_inflate(one, head.ch_type == ELFCOMPRESS_ZSTD, from + skip, n - skip,
				 head.ch_size);
}

static void sections_load(struct sections *s, struct section *one, const GElf_Shdr *h)
{
	const uint8_t *from = s->bytes + h->sh_offset;

	one->is.address = h->sh_addr;
	if (h->sh_flags & SHF_COMPRESSED) {
		load_compressed(one, from, h->sh_size,
				gelf_getclass(elf_file_handle(s->file)) == ELFCLASS64);
		return;
	}
	one->is.bytes = from;
	one->is.n = h->sh_size;
}

/* ".zdebug_info" for ".debug_info": "ZLIB", the size as eight bytes (big end first), a stream. */
static bool old_name(const char *name, char *ret)
{
	if (!str_starts(name, ".debug_"))
		return false;
	snprintf(ret, MAX_NAME, ".z%s", name + 1);
	return true;
}

static void load_old(struct sections *s, struct section *one, const GElf_Shdr *h)
{
	const uint8_t *from = s->bytes + h->sh_offset;
	uint64_t want;

	if (h->sh_size < 12 || memcmp(from, "ZLIB", 4) != 0)
		return;
	memcpy(&want, from + 4, sizeof(want));
	sections_inflate(one, false, from + 12, h->sh_size - 12, be64toh(want));
}

bool sections_has(struct sections *s, const char *name)
{
	char old[MAX_NAME];
	GElf_Shdr h;

	return find_header(s, name, &h) || (old_name(name, old) && find_header(s, old, &h));
}

struct elf_section sections_get(struct sections *s, const char *name)
{
	struct section *one;
	char old[MAX_NAME];
	GElf_Shdr h;

	for (one = s->first; one; one = one->next)
		if (str_equal(one->name, name))
			return one->is;
	one = mem_alloc(sizeof(*one));
	snprintf(one->name, sizeof(one->name), "%s", name);
	one->next = s->first;
	s->first = one;
	if (find_header(s, name, &h))
		sections_load(s, one, &h);
	else if (old_name(name, old) && find_header(s, old, &h))
		load_old(s, one, &h);
	return one->is;
}

struct elf_file *sections_debugdata(struct sections *s)
{
	struct elf_section xz = sections_get(s, ".gnu_debugdata");
	lzma_stream stream = LZMA_STREAM_INIT;
	struct elf_file *f = NULL;
	struct str out auto_release(str_release) = {0};
	lzma_ret code = LZMA_OK;

	if (!xz.n || s->debugdata || lzma_stream_decoder(&stream, 256 << 20, 0) != LZMA_OK)
		return NULL;
	stream.next_in = xz.bytes;
	stream.avail_in = xz.n;
	while (code == LZMA_OK && out.len < MAX_DEBUGDATA) {
		uint8_t piece[65536];

		stream.next_out = piece;
		stream.avail_out = sizeof(piece);
		code = lzma_code(&stream, LZMA_FINISH);
		str_add(&out, piece, sizeof(piece) - stream.avail_out);
	}
	lzma_end(&stream);
	if (code != LZMA_STREAM_END)
		return NULL;
	if (elf_file_from_memory(out.text, out.len, &f))
		return NULL;
	s->debugdata = steal(out.text);
	return f;
}
