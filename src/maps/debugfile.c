/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the separate debug file of an image. */
#include "maps/debugfile.h"

#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <string.h>

static struct elf_file *open_matching(const char *path, const struct build_id *want)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct elf_file *f;
	struct build_id id;

	if (fd < 0 || elf_file_open(fd, &f))
		return NULL;
	if (elf_file_build_id(f, &id) && build_id_equal(&id, want) && elf_file_has_symtab(f))
		return f;
	elf_file_free(f);
	return NULL;
}

struct elf_file *debugfile_open(const struct image *image)
{
	auto_free char *by_id = NULL, *directory = NULL;
	char hex[2 * MAX_BUILD_ID + 1];
	struct elf_file *f = NULL;
	const char *link;

	if (image->build_id.len < 2)
		return NULL;
	build_id_hex(&image->build_id, hex);
	by_id = mem_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2);
	f = open_matching(by_id, &image->build_id);
	link = image->elf ? elf_file_debuglink(image->elf) : NULL;
	if (f || !link || strchr(link, '/') || image->path[0] != '/')
		return f;
	directory = mem_strdup(image->path);
	*strrchr(directory, '/') = '\0';
	for (int i = 0; i < 3 && !f; i++) {
		static const char *const forms[] = {"%s/%s", "%s/.debug/%s", "/usr/lib/debug%s/%s"};
		auto_free char *path = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		path = mem_printf(forms[i], directory, link);
#pragma GCC diagnostic pop
		f = open_matching(path, &image->build_id);
	}
	return f;
}
