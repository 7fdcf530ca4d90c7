/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the kernel's code: a file that stands for its vmlinux, "loaded" elsewhere than linked.
 */
#include "unit/test.h"
#include "unit/folder.h"

#include "base/str.h"
#include "elf/elf_file.h"
#include "symbolize/vmlinux.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLIDE = 0x7000000 };

static int build(void **state)
{
	if (folder_make(state))
		return -1;
	return folder_run(
		"printf '__asm__(\".globl _text\\\\n_text:\\\\n\");\\n"
		"static inline __attribute__((always_inline)) int inner(int x) { return x * 7 + "
		"1; }\\n"
		"int do_work(int x) { return inner(x) ^ 3; }\\n' >k.c && "
		"gcc -O2 -g -nostdlib -shared -fPIC -Wl,--build-id k.c -o vmlinux");
}

static void note_work(void *address, const struct elf_symbol *s)
{
	if (str_equal(s->name, "do_work"))
		*(uint64_t *)address = s->address;
	if (str_equal(s->name, "_text"))
		((uint64_t *)address)[1] = s->address;
}

static void lines_behind_a_slide(void **state)
{
	uint64_t address[2] = {0};
	struct place p[MAX_PLACES];
	struct build_id id, other = {.bytes = {1, 2}, .len = 20};
	struct elf_file *elf;
	struct vmlinux *v;
	char path[128];
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/vmlinux", dir);
	assert_int_equal(elf_file_open(open(path, O_RDONLY | O_CLOEXEC), &elf), 0);
	assert_true(elf_file_build_id(elf, &id));
	elf_file_symbols(elf, note_work, address);
	elf_file_free(elf);
	assert_true(address[0] && address[1]);
	assert_null(vmlinux_open(path, &other, 0x1000, NULL));
	v = vmlinux_open(path, &id, address[1] + SLIDE, NULL);
	assert_non_null(v);
	address[0] += SLIDE;
	vmlinux_prepare(v, address, 1);
	n = vmlinux_find(v, address[0], p);
	assert_int_equal(n, 2);
	assert_string_equal(p[0].function, "inner");
	assert_int_equal(p[0].line, 2);
	assert_string_equal(p[1].function, "do_work");
	assert_int_equal(p[1].line, 3);
	assert_int_equal(vmlinux_find(v, address[0] + 0x100000, p), 0);
	vmlinux_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(lines_behind_a_slide)};

	return cmocka_run_group_tests(tests, build, folder_remove);
}
