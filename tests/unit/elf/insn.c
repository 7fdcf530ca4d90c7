/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is decoded quickly is what the disassembler says, for all code of this program and of the C
 * library: as long, writing no register that is not told, going nowhere.
 */
#include "unit/test.h"

#include <fcntl.h>
#include <stdlib.h>

#include <capstone/capstone.h>

#include "base/mem.h"
#include "elf/elf_file.h"
#include "elf/insn.h"
#include "elf/insn_plain.h"

struct comparison {
	struct elf_file *elf;
	struct insn_reader *reader;
	csh handle;
	unsigned long all, plain;
};

/* The disassembler's numbers of whole registers, in DWARF's order. */
static const x86_reg registers[] = {X86_REG_RAX, X86_REG_RDX, X86_REG_RCX, X86_REG_RBX,
				    X86_REG_RSI, X86_REG_RDI, X86_REG_RBP, X86_REG_RSP,
				    X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
				    X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15};

static void check_plain(struct comparison *c, const cs_insn *in, uint32_t writes)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	assert_int_equal(cs_regs_access(c->handle, in, read, &n_read, written, &n_written), 0);
	for (uint8_t i = 0; i < n_written; i++)
		for (size_t j = 0; j < ARRAY_SIZE(registers); j++)
			if (written[i] == registers[j] && in->id != X86_INS_TEST)
				assert_true(writes >> j & 1);
	assert_false(cs_insn_group(c->handle, in, CS_GRP_JUMP));
	assert_false(cs_insn_group(c->handle, in, CS_GRP_CALL));
	assert_false(cs_insn_group(c->handle, in, CS_GRP_RET));
}

static void compare_section(void *comparison, const char *name, uint64_t address, uint64_t size)
{
	struct comparison *c = comparison;
	auto_free uint8_t *code = mem_alloc(size + 16);
	const uint8_t *at = code;
	cs_insn *in = cs_malloc(c->handle);
	size_t n = size;

	(void)name;
	assert_true(elf_file_read(c->elf, address, code, size));
	while (n) {
		uint32_t writes = 0;
		unsigned length = insn_plain(at, n, &writes);
		const uint8_t *begins = at;
		uint64_t from = address;
		struct insn read;

		if (!cs_disasm_iter(c->handle, &at, &n, &address, in)) {
			/* Data, or what this disassembler has not heard of. */
			at++, n--, address++;
			continue;
		}
		c->all++;
		assert_true(insn_read(c->reader, begins, (size_t)(at - begins) + n, from, &read));
		assert_int_equal(read.length, in->size);
		if (!length)
			continue;
		c->plain++;
		assert_int_equal(length, in->size);
		check_plain(c, in, writes);
	}
	cs_free(in, 1);
}

static void compare_file(const char *path)
{
	struct comparison c = {.reader = insn_reader_new()};

	assert_int_equal(elf_file_open(open(path, O_RDONLY | O_CLOEXEC), &c.elf), 0);
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &c.handle), 0);
	cs_option(c.handle, CS_OPT_DETAIL, CS_OPT_ON);
	elf_file_code_sections(c.elf, compare_section, &c);
	assert_true(c.all > 1000);
	assert_true(c.plain > c.all / 4);
	cs_close(&c.handle);
	insn_reader_free(c.reader);
	elf_file_free(c.elf);
}

static void plain_is_what_the_disassembler_says(void **state)
{
	(void)state;
	compare_file("/proc/self/exe");
	compare_file("/lib/x86_64-linux-gnu/libc.so.6");
}

/* Vectors of 512 bits, of which disassemblers learned late: vpmaddwd %zmm1, %zmm22, %zmm24;
 * vpdpwssd %zmm20, %zmm22, %zmm17; with 8 and 32 bits of displacement; with a constant. */
static void vectors_have_their_length(void **state)
{
	static const struct {
		uint8_t code[16];
		unsigned length;
	} vectors[] = {
		{{0x62, 0x61, 0x4d, 0x40, 0xf5, 0xc1}, 6},
		{{0x62, 0xa2, 0x4d, 0x40, 0x52, 0xcc}, 6},
		{{0x62, 0xa1, 0x7e, 0x48, 0x6f, 0x64, 0xb7, 0x01}, 8},
		{{0x62, 0xf1, 0x7c, 0x48, 0x10, 0x80, 0x00, 0x01, 0x00, 0x00}, 10},
		{{0x62, 0xf3, 0x4d, 0x48, 0x25, 0xc1, 0xff}, 7},
		{{0xc5, 0xf8, 0x77}, 3},
		{{0xc4, 0xe3, 0x7d, 0x39, 0xc1, 0x01}, 6},
		{{0x90}, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(insn_vector_length(vectors[i].code, 16), vectors[i].length);
}

TESTS(T(plain_is_what_the_disassembler_says), T(vectors_have_their_length))
