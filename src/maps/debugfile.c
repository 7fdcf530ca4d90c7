/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds files that belong to an image. */
#include "maps/debugfile.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

struct elf_file *debugfile_open_path(const struct image *image, const char *path,
				     const struct build_id *id)
{
	struct elf_file *f = image->root >= 0 ? elf_file_open_path(image->root, path, id) : NULL;

	return f ? f : elf_file_open_path(-1, path, id);
}

char *debugfile_path(const struct build_id *id)
{
	char hex[2 * MAX_BUILD_ID + 1];

	if (id->len < 2)
		return NULL;
	build_id_hex(id, hex);
	return mem_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2);
}

/* Is it the file of which the checksum is known? */
static struct elf_file *check_crc(struct elf_file *f, const uint32_t *crc)
{
	if (!f || elf_file_crc(f) == *crc)
		return f;
	elf_file_free(f);
	return NULL;
}

/* Takes the path; one without symbols or debug information is of no use. What has no build id is
 * known by its checksum. */
static struct elf_file *try_debug(const struct image *image, char *path, const uint32_t *crc,
				  char **ret_path)
{
	struct elf_file *f = image->build_id.len
				     ? debugfile_open_path(image, path, &image->build_id)
				     : check_crc(debugfile_open_path(image, path, NULL), crc);

	if (f && !elf_file_has_symtab(f) && !elf_file_has_debug_info(f)) {
		elf_file_free(f);
		f = NULL;
	}
	if (f && ret_path)
		*ret_path = path;
	else
		free(path);
	return f;
}

struct elf_file *debugfile_open(const struct image *image, char **ret_path)
{
	char *by_id = debugfile_path(&image->build_id); /* try_debug() takes it */
	auto_free char *directory = NULL;
	struct elf_file *f = by_id ? try_debug(image, by_id, NULL, ret_path) : NULL;
	const char *link;
	uint32_t crc;

	link = f || !image->elf ? NULL : elf_file_debuglink(image->elf, &crc);
	if (!link || strchr(link, '/') || image->path[0] != '/')
		return f;
	directory = path_folder(image->path);
	f = try_debug(image, mem_printf("%s/%s", directory, link), &crc, ret_path);
	if (!f)
		f = try_debug(image, mem_printf("%s/.debug/%s", directory, link), &crc, ret_path);
	if (!f)
		f = try_debug(image, mem_printf("/usr/lib/debug%s/%s", directory, link), &crc,
			      ret_path);
	return f;
}
