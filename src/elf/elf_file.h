/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file: build id, program headers, function symbols, the name of its debug file.
 *
 * Owner: elf_file_free() closes. The bytes are hostile: everything goes through libelf's checks,
 *        and the file is read (or mapped as base/filemap does), so that one cut short meanwhile
 *        cannot end us with SIGBUS.
 * Errors: negative errno; -ENOEXEC when it is no ELF file.
 * Source: elf(5); include/uapi/linux/elf.h.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/broker.h"
#include "base/filemap.h"
#include "elf/build_id.h"

struct elf_symbol {
	const char *name;
	uint64_t address;
	uint64_t size;  /* 0: unknown */
	uint64_t reach; /* the size, or how far its section goes */
	bool is_global, is_weak;
	bool is_function; /* else without a type, in an executable section */
};

typedef void elf_visit(void *ctx, const struct elf_symbol *symbol);

struct elf_file;

/* Takes the descriptor, also on failure. */
int elf_file_open(int fd, struct elf_file **ret);
int elf_file_take(const struct opened_file *file, struct elf_file **ret);
/* With `id`, only one with that build id. NULL: there is none. */
struct elf_file *elf_file_open_wanted(const struct wanted_file *wanted, const struct build_id *id);
/*
 * A file may sleep, so that there may be more files than descriptors: it has none then, nor any
 * memory of libelf's, and whatever pointed into it (sections, libdw's structures) is gone. To ask
 * it for anything wakes it: `again` opens it once more, and what it opened is taken only if it is
 * the same file, unchanged. `awake` counts those that are.
 */
typedef int elf_open_again(void *ctx, struct opened_file *ret);
void elf_file_may_sleep(struct elf_file *f, elf_open_again *again, void *ctx, atomic_uint *awake);
void elf_file_sleep(struct elf_file *f);
bool elf_file_is_awake(const struct elf_file *f);
/* 0, or why it sleeps on; -ESTALE: it has changed. */
int elf_file_wake(struct elf_file *f);
/* A whole image in memory (the vDSO), which must outlive the file. */
int elf_file_from_memory(const void *image, size_t len, struct elf_file **ret);
void elf_file_free(struct elf_file *f);

bool elf_file_build_id(const struct elf_file *f, struct build_id *ret);
/* Address of code at a file offset, by the loadable segments; false when none holds it. */
bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *ret);
/* Function symbols of .symtab, or of .dynsym where there is none; names are valid during the visit.
 * Returns how many. */
size_t elf_file_symbols(const struct elf_file *f, elf_visit *visit, void *ctx);
bool elf_file_has_symtab(const struct elf_file *f);
bool elf_file_has_debug_info(const struct elf_file *f);
/* Size of the table that elf_file_symbols() would visit. */
uint64_t elf_file_symbol_bytes(const struct elf_file *f);
/* Address of .text, 0 when there is none. */
uint64_t elf_file_text(const struct elf_file *f);
/* Where a program begins, 0 in a library (for which linkers may write where its code begins). */
uint64_t elf_file_entry(const struct elf_file *f);
/* Name in .gnu_debuglink, valid as long as the file, and what elf_file_crc() is of the file that it
 * means; NULL when there is none. */
const char *elf_file_debuglink(const struct elf_file *f, uint32_t *ret_crc);
/* Checksum of the whole file, which is read for it. */
uint32_t elf_file_crc(const struct elf_file *f);

/* A section by name; `bytes` (NULL: none, or too large to be true) are valid as long as the file.
 */
struct elf_section {
	const void *bytes;
	size_t n;
	uint64_t address;
};
struct elf_section elf_file_section(const struct elf_file *f, const char *name);
/* The segment's part from `address` on, for what no section tells of. */
struct elf_section elf_file_bytes_at(const struct elf_file *f, uint64_t address);
/* Address of .eh_frame as the program headers tell it, 0 when they do not. */
uint64_t elf_file_eh_frame_hdr(const struct elf_file *f);
typedef void elf_section_visit(void *ctx, const char *name, uint64_t address, uint64_t size);
/* Visits executable sections. */
void elf_file_code_sections(const struct elf_file *f, elf_section_visit *visit, void *ctx);
/* First and last address of the executable segments; 0 and 0 when there is none. */
void elf_file_code_range(const struct elf_file *f, uint64_t *ret_min, uint64_t *ret_max);
/* Is it a file that only root or we ourselves can have written? */
bool elf_file_is_trusted(const struct elf_file *f);
/* Whose it is: with whose rights a file that it names is opened. */
uid_t elf_file_owner(const struct elf_file *f);
/* Is it read from a copy in memory, since another user answers for the file? */
bool elf_file_is_copy(const struct elf_file *f);
/* What it was when it was opened. */
const struct stat *elf_file_stat(const struct elf_file *f);
/* Are both the same file, and has nobody written to it between? (Times of change are the kernel's.)
 */
bool elf_file_is_same(const struct elf_file *a, const struct elf_file *b);
/* Reads bytes at an address; false when the file has not all of them. */
bool elf_file_read(const struct elf_file *f, uint64_t address, void *to, size_t bytes);
/* The loader's relocations (Elf64_Rela) but those of calls: .rela.dyn, or .rela, as Go's linker
 * names it. */
struct elf_section elf_file_relocations(const struct elf_file *f);
/* What the loader will write at an address of a position-independent program, else `otherwise`. */
uint64_t elf_file_relocated(const struct elf_file *f, uint64_t address, uint64_t otherwise);
/* The same file once more, with state of its own (for another thread). */
int elf_file_reopen(const struct elf_file *f, struct elf_file **ret);

/* Maps the whole file; that of one in memory is there already (`ret_map` stays empty). */
int elf_file_map(const struct elf_file *f, struct file_map *ret_map, const uint8_t **ret_bytes,
		 size_t *ret_n);

/* Is there an .eh_frame section of a size that may be read into memory? */
bool elf_file_may_unwind(const struct elf_file *f);
/* The file's descriptor; -1 for one in memory. */
int elf_file_descriptor(const struct elf_file *f);
/* The libelf handle, for libdw. */
void *elf_file_handle(const struct elf_file *f);
