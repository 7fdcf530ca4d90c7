/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF file through libelf. */
#include "elf/elf_file.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

enum {
	MAX_SEGMENTS = 64,
	SEGMENT_ALIGN = 4096,
	MAX_TABLE_BYTES = 1 << 30,
	MAX_FRAME_BYTES = 256 << 20,
	MAX_NAME_BYTES = 16 << 20,    /* of sections */
	MAX_STRING_BYTES = 512 << 20, /* of symbols */
	PIECE_BYTES = 1 << 20
};

struct elf_file {
	Elf *elf;
	int fd;
	struct stat st;    /* of what was opened, */
	bool is_copy;      /* which `fd` is a copy of */
	bool is_nosuid;    /* whoever mounted it does not believe what its files say of owners */
	const void *image; /* in memory: fd is -1 */
	size_t image_bytes;
	uint64_t eh_frame_hdr;
	bool has_interpreter;
	struct {
		uint64_t offset, size, address;
		bool is_code;
	} segments[MAX_SEGMENTS];
	size_t n_segments;
	/* Of one that may sleep: `elf` is NULL and `fd` -1 while it does. */
	elf_open_again *again;
	void *ctx;
	atomic_uint *awake;
};

/* -- sleep -- */

void elf_file_may_sleep(struct elf_file *f, elf_open_again *again, void *ctx, atomic_uint *awake)
{
	f->again = again;
	f->ctx = ctx;
	f->awake = awake;
	(*awake)++;
}

void elf_file_sleep(struct elf_file *f)
{
	if (!f->again || !f->elf)
		return;
	elf_end(f->elf);
	close(f->fd);
	f->elf = NULL;
	f->fd = -1;
	(*f->awake)--;
}

bool elf_file_is_awake(const struct elf_file *f)
{
	return f->elf;
}

static bool same_times(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim)) == 0;
}

int elf_file_wake(struct elf_file *f)
{
	struct opened_file file;
	int code;

	if (f->elf)
		return 0;
	code = f->again(f->ctx, &file);
	if (code)
		return code;
	if (!same_times(&f->st, &file.st))
		code = -ESTALE;
	else
		f->elf = elf_begin(file.fd, ELF_C_READ, NULL);
	if (!f->elf) {
		close(file.fd);
		return code ? code : -ENOEXEC;
	}
	f->fd = file.fd;
	(*f->awake)++;
	return 0;
}

/* NULL, which libelf takes for a file without anything: it sleeps for good. */
static Elf *handle(const struct elf_file *f)
{
	if (!f->elf && f->again)
		elf_file_wake((struct elf_file *)f);
	return f->elf;
}

static int descriptor(const struct elf_file *f)
{
	handle(f);
	return f->fd;
}

static void read_segments(struct elf_file *f)
{
	size_t n = 0;

	if (elf_getphdrnum(handle(f), &n))
		return;
	for (size_t i = 0; i < n && f->n_segments < MAX_SEGMENTS; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(handle(f), (int)i, &p))
			continue;
		if (p.p_type == PT_GNU_EH_FRAME)
			f->eh_frame_hdr = p.p_vaddr;
		f->has_interpreter |= p.p_type == PT_INTERP;
		if (p.p_type != PT_LOAD)
			continue;
		f->segments[f->n_segments].offset = p.p_offset;
		f->segments[f->n_segments].size = p.p_filesz;
		f->segments[f->n_segments].is_code = p.p_flags & PF_X;
		f->segments[f->n_segments++].address = p.p_vaddr;
	}
}

/* libelf reads the names of sections as a whole, and a sparse file may say any size. */
static bool has_huge_names(Elf *elf)
{
	size_t names = 0;
	GElf_Shdr shdr;
	Elf_Scn *scn;

	if (elf_getshdrstrndx(elf, &names) || !names)
		return false;
	scn = elf_getscn(elf, names);
	return scn && gelf_getshdr(scn, &shdr) && shdr.sh_size > MAX_NAME_BYTES;
}

static int finish_open(Elf *elf, int fd, struct elf_file **ret)
{
	bool is_elf = elf && elf_kind(elf) == ELF_K_ELF;
	struct elf_file *f;

	if (!is_elf || has_huge_names(elf)) {
		elf_end(elf);
		if (fd >= 0)
			close(fd);
		return is_elf ? -EFBIG : -ENOEXEC;
	}
	f = mem_alloc(sizeof(*f));
	f->elf = elf;
	f->fd = fd;
	read_segments(f);
	*ret = f;
	return 0;
}

int elf_file_take(const struct opened_file *file, struct elf_file **ret)
{
	struct statfs fs;
	int code;

	elf_version(EV_CURRENT);
	code = finish_open(elf_begin(file->fd, ELF_C_READ, NULL), file->fd, ret);
	if (code)
		return code;
	(*ret)->st = file->st;
	(*ret)->is_copy = file->is_copy;
	(*ret)->is_nosuid = fstatfs(file->fd, &fs) || fs.f_flags & ST_NOSUID;
	return 0;
}

int elf_file_open(int fd, struct elf_file **ret)
{
	struct opened_file file = {.fd = fd};

	if (fd >= 0 && fstat(fd, &file.st)) {
		close(fd);
		return -errno;
	}
	return elf_file_take(&file, ret);
}

int elf_file_from_memory(const void *image, size_t len, struct elf_file **ret)
{
	int code;

	elf_version(EV_CURRENT);
	code = finish_open(elf_memory((char *)image, len), -1, ret);
	if (!code) {
		(*ret)->image = image;
		(*ret)->image_bytes = len;
	}
	return code;
}

void elf_file_free(struct elf_file *f)
{
	if (!f)
		return;
	elf_file_sleep(f);
	elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static bool elf_file_is_note(uint64_t bytes)
{
	return bytes && bytes <= 1 << 20;
}

bool elf_file_build_id(const struct elf_file *f, struct build_id *ret)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	Elf_Data *data;
	size_t n = 0;

	*ret = (struct build_id){0};
	if (elf_getphdrnum(handle(f), &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(handle(f), (int)i, &p) || p.p_type != PT_NOTE ||
		    !elf_file_is_note(p.p_filesz))
			continue;
		data = elf_getdata_rawchunk(handle(f), (int64_t)p.p_offset, p.p_filesz,
					    p.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (data && build_id_of_data(data, ret))
			return true;
	}
	/* Files that are not loaded (dwz's) have sections only. */
	while (!n && (scn = elf_nextscn(handle(f), scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_NOTE ||
		    !elf_file_is_note(shdr.sh_size))
			continue;
		data = elf_getdata(scn, NULL);
		if (data && build_id_of_data(data, ret))
			return true;
	}
	return false;
}

struct elf_file *elf_file_open_wanted(const struct wanted_file *wanted, const struct build_id *id)
{
	struct opened_file file;
	struct build_id has;
	struct elf_file *f;

	if (broker_open(wanted, &file) || elf_file_take(&file, &f))
		return NULL;
	if (!id || (elf_file_build_id(f, &has) && build_id_equal(&has, id)))
		return f;
	elf_file_free(f);
	return NULL;
}

bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *ret)
{
	/* Segments are mapped by whole pages: the page where one ends and the next begins is mapped
	 * twice. What is asked for is code. */
	for (int code = 1; code >= 0; code--) {
		for (size_t i = 0; i < f->n_segments; i++) {
			uint64_t skip = f->segments[i].offset & (SEGMENT_ALIGN - 1);

			if (f->segments[i].is_code != code ||
			    offset - (f->segments[i].offset - skip) >= f->segments[i].size + skip)
				continue;
			*ret = offset - f->segments[i].offset + f->segments[i].address;
			return true;
		}
	}
	return false;
}

static Elf_Scn *section_of_type(Elf *elf, GElf_Word type, GElf_Shdr *ret)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, ret) && ret->sh_type == type && ret->sh_size &&
		    ret->sh_size <= MAX_TABLE_BYTES &&
		    ret->sh_entsize == gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT))
			return scn;
	return NULL;
}

/* The section of that name, or NULL. */
static Elf_Scn *section_named(const struct elf_file *f, const char *want, GElf_Shdr *ret)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(handle(f), &names))
		return NULL;
	while ((scn = elf_nextscn(handle(f), scn))) {
		const char *name =
			gelf_getshdr(scn, ret) ? elf_strptr(handle(f), names, ret->sh_name) : NULL;

		if (name && str_equal(name, want))
			return scn;
	}
	return NULL;
}

bool elf_file_has_symtab(const struct elf_file *f)
{
	GElf_Shdr shdr;

	return section_of_type(handle(f), SHT_SYMTAB, &shdr);
}

bool elf_file_has_debug_info(const struct elf_file *f)
{
	GElf_Shdr shdr;

	return (section_named(f, ".debug_info", &shdr) ||
		section_named(f, ".zdebug_info", &shdr)) &&
	       shdr.sh_type != SHT_NOBITS;
}

uint64_t elf_file_symbol_bytes(const struct elf_file *f)
{
	GElf_Shdr shdr;

	if (section_of_type(handle(f), SHT_SYMTAB, &shdr) ||
	    section_of_type(handle(f), SHT_DYNSYM, &shdr))
		return shdr.sh_size;
	return 0;
}

static void elf_file_note_text(void *ret_address, const char *name, uint64_t address, uint64_t size)
{
	(void)size;
	if (str_equal(name, ".text"))
		*(uint64_t *)ret_address = address;
}

uint64_t elf_file_text(const struct elf_file *f)
{
	uint64_t text = 0;

	elf_file_code_sections(f, elf_file_note_text, &text);
	return text;
}

uint64_t elf_file_entry(const struct elf_file *f)
{
	GElf_Ehdr ehdr;

	if (!gelf_getehdr(handle(f), &ehdr))
		return 0;
	return ehdr.e_type == ET_DYN && !f->has_interpreter && ehdr.e_entry == elf_file_text(f)
		       ? 0
		       : ehdr.e_entry;
}

bool elf_file_is_trusted(const struct elf_file *f)
{
	return f->image ||
	       (!f->is_copy && !f->is_nosuid && (f->st.st_uid == 0 || f->st.st_uid == geteuid()) &&
		!(f->st.st_mode & 022));
}

bool elf_file_is_copy(const struct elf_file *f)
{
	return f->is_copy;
}

uid_t elf_file_owner(const struct elf_file *f)
{
	return f->image ? 0 : f->st.st_uid;
}

const struct stat *elf_file_stat(const struct elf_file *f)
{
	return &f->st;
}

bool elf_file_is_same(const struct elf_file *a, const struct elf_file *b)
{
	return !a->image && !b->image && same_times(&a->st, &b->st);
}

/* Where the section ends if it holds code, else 0. */
static uint64_t code_section_end(Elf *elf, GElf_Half index)
{
	Elf_Scn *scn = index && index < SHN_LORESERVE ? elf_getscn(elf, index) : NULL;
	GElf_Shdr shdr;

	if (!scn || !gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_EXECINSTR))
		return 0;
	return shdr.sh_addr + shdr.sh_size;
}

/* One entry of a symbol table; false when it names no code. */
static bool take_symbol(Elf *elf, Elf_Data *data, int index, GElf_Word names,
			struct elf_symbol *ret)
{
	GElf_Sym sym;
	uint64_t end;
	int type, bind;

	if (!gelf_getsym(data, index, &sym) || sym.st_shndx == SHN_UNDEF)
		return false;
	type = GELF_ST_TYPE(sym.st_info);
	bind = GELF_ST_BIND(sym.st_info);
	*ret = (struct elf_symbol){.address = sym.st_value, .size = sym.st_size};
	ret->is_function = type == STT_FUNC || type == STT_GNU_IFUNC;
	if (!ret->is_function && (type != STT_NOTYPE || !code_section_end(elf, sym.st_shndx)))
		return false;
	ret->name = elf_strptr(elf, names, sym.st_name);
	if (!ret->name || !*ret->name)
		return false;
	ret->reach = ret->size;
	if (!ret->size) {
		end = code_section_end(elf, sym.st_shndx);
		ret->reach = end > ret->address ? end - ret->address : 1;
	}
	ret->is_global = bind == STB_GLOBAL || bind == STB_GNU_UNIQUE;
	ret->is_weak = bind == STB_WEAK;
	return true;
}

size_t elf_file_symbols(const struct elf_file *f, elf_visit *visit, void *ctx)
{
	/* A handle of its own: what libelf reads it keeps, and the tables of large programs are
	 * many megabytes. */
	Elf *own = handle(f), *elf = f->fd >= 0 ? elf_begin(f->fd, ELF_C_READ, NULL) : own;
	struct elf_symbol symbol;
	GElf_Shdr shdr, strings;
	Elf_Scn *names, *scn = elf ? section_of_type(elf, SHT_SYMTAB, &shdr) : NULL;
	Elf_Data *data;
	size_t visited = 0;

	if (elf && !scn)
		scn = section_of_type(elf, SHT_DYNSYM, &shdr);
	names = scn ? elf_getscn(elf, shdr.sh_link) : NULL;
	data = scn && shdr.sh_entsize && names && gelf_getshdr(names, &strings) &&
			       strings.sh_size <= MAX_STRING_BYTES
		       ? elf_getdata(scn, NULL)
		       : NULL;
	for (size_t i = 0; data && i < data->d_size / shdr.sh_entsize && i < INT32_MAX; i++) {
		if (!take_symbol(elf, data, (int)i, shdr.sh_link, &symbol))
			continue;
		visit(ctx, &symbol);
		visited++;
	}
	if (elf != own)
		elf_end(elf);
	return visited;
}

struct elf_section elf_file_section(const struct elf_file *f, const char *name)
{
	struct elf_section s = {0};
	GElf_Shdr shdr;
	Elf_Scn *scn = section_named(f, name, &shdr);
	Elf_Data *data;

	if (!scn || shdr.sh_type == SHT_NOBITS || shdr.sh_size > MAX_FRAME_BYTES)
		return s;
	if (shdr.sh_flags & SHF_COMPRESSED) {
		GElf_Chdr chdr;

		if (!gelf_getchdr(scn, &chdr) || chdr.ch_size > MAX_FRAME_BYTES ||
		    elf_compress(scn, 0, 0) < 0)
			return s;
	}
	data = elf_rawdata(scn, NULL);
	if (data && data->d_buf)
		s = (struct elf_section){data->d_buf, data->d_size, shdr.sh_addr};
	return s;
}

struct elf_section elf_file_bytes_at(const struct elf_file *f, uint64_t address)
{
	struct elf_section s = {0};

	for (size_t i = 0; i < f->n_segments; i++) {
		uint64_t skip = address - f->segments[i].address;
		Elf_Data *data;

		if (skip >= f->segments[i].size || f->segments[i].size - skip > MAX_FRAME_BYTES)
			continue;
		data = elf_getdata_rawchunk(handle(f), (int64_t)(f->segments[i].offset + skip),
					    f->segments[i].size - skip, ELF_T_BYTE);
		if (data && data->d_buf)
			s = (struct elf_section){data->d_buf, data->d_size, address};
		return s;
	}
	return s;
}

uint64_t elf_file_eh_frame_hdr(const struct elf_file *f)
{
	return f->eh_frame_hdr;
}

void elf_file_code_sections(const struct elf_file *f, elf_section_visit *visit, void *ctx)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(handle(f), &names))
		return;
	while ((scn = elf_nextscn(handle(f), scn))) {
		GElf_Shdr shdr;
		const char *name;

		if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_EXECINSTR))
			continue;
		name = elf_strptr(handle(f), names, shdr.sh_name);
		if (name)
			visit(ctx, name, shdr.sh_addr, shdr.sh_size);
	}
}

struct elf_section elf_file_relocations(const struct elf_file *f)
{
	struct elf_section s = elf_file_section(f, ".rela.dyn");

	return s.bytes ? s : elf_file_section(f, ".rela");
}

uint64_t elf_file_relocated(const struct elf_file *f, uint64_t address, uint64_t otherwise)
{
	struct elf_section s = elf_file_relocations(f);

	for (size_t at = 0; s.bytes && at + 24 <= s.n; at += 24) {
		uint64_t words[3];

		memcpy(words, (const char *)s.bytes + at, sizeof(words));
		if (words[0] == address)
			return words[2];
	}
	return otherwise;
}

void elf_file_code_range(const struct elf_file *f, uint64_t *ret_min, uint64_t *ret_max)
{
	*ret_min = *ret_max = 0;
	for (size_t i = 0; i < f->n_segments; i++) {
		uint64_t from = f->segments[i].address, to = from + f->segments[i].size;

		if (!f->segments[i].is_code || to < from)
			continue;
		*ret_min = *ret_max ? MIN(*ret_min, from) : from;
		*ret_max = MAX(*ret_max, to);
	}
}

bool elf_file_read(const struct elf_file *f, uint64_t address, void *to, size_t bytes)
{
	for (size_t i = 0; i < f->n_segments; i++) {
		uint64_t skip = address - f->segments[i].address;
		uint64_t offset = f->segments[i].offset + skip;

		if (skip >= f->segments[i].size || bytes > f->segments[i].size - skip)
			continue;
		if (!f->image)
			return pread(descriptor(f), to, bytes, (off_t)offset) == (ssize_t)bytes;
		if (offset > f->image_bytes || bytes > f->image_bytes - offset)
			return false;
		memcpy(to, (const char *)f->image + offset, bytes);
		return true;
	}
	return false;
}

int elf_file_reopen(const struct elf_file *f, struct elf_file **ret)
{
	struct opened_file file = {.is_copy = f->is_copy, .st = f->st};

	if (f->image)
		return elf_file_from_memory(f->image, f->image_bytes, ret);
	file.fd = fcntl(descriptor(f), F_DUPFD_CLOEXEC, 0);
	return file.fd < 0 ? -errno : elf_file_take(&file, ret);
}

int elf_file_map(const struct elf_file *f, struct file_map *ret_map, const uint8_t **ret_bytes,
		 size_t *ret_n)
{
	int code;

	*ret_map = (struct file_map){0};
	*ret_bytes = f->image;
	*ret_n = f->image_bytes;
	if (f->image)
		return 0;
	code = file_map(descriptor(f), ret_map);
	*ret_bytes = ret_map->bytes;
	*ret_n = ret_map->n;
	return code;
}

bool elf_file_may_unwind(const struct elf_file *f)
{
	GElf_Shdr shdr;

	return section_named(f, ".eh_frame", &shdr) && shdr.sh_size <= MAX_FRAME_BYTES;
}

const char *elf_file_debuglink(const struct elf_file *f, uint32_t *ret_crc)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = section_named(f, ".gnu_debuglink", &shdr);
	Elf_Data *data = scn && shdr.sh_type == SHT_PROGBITS ? elf_rawdata(scn, NULL) : NULL;
	size_t at;

	if (!data || !data->d_size || !memchr(data->d_buf, '\0', data->d_size))
		return NULL;
	/* Behind the name, at a multiple of 4. */
	at = (strlen(data->d_buf) + 4) & ~(size_t)3;
	if (at > data->d_size || data->d_size - at < sizeof(*ret_crc))
		return NULL;
	memcpy(ret_crc, (const char *)data->d_buf + at, sizeof(*ret_crc));
	return data->d_buf;
}

uint32_t elf_file_crc(const struct elf_file *f)
{
	auto_free char *piece = mem_alloc(PIECE_BYTES);
	uint32_t crc = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(descriptor(f), piece, PIECE_BYTES, at)) > 0) {
		crc = libdeflate_crc32(crc, piece, (size_t)n);
		at += n;
	}
	return crc;
}

int elf_file_descriptor(const struct elf_file *f)
{
	return descriptor(f);
}

void *elf_file_handle(const struct elf_file *f)
{
	return handle(f);
}
