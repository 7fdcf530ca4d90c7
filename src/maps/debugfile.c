/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds files that belong to an image. */
#include "maps/debugfile.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

/* Whoever chose the path of an image (by a mount, a folder) may have put a file beside it: of one
 * that is root's or ours only such a file tells, of any other also one of the same owner. */
static bool may_speak_for(const struct image *image, const struct elf_file *f)
{
	if (image->trusts_names || elf_file_is_trusted(f))
		return true;
	return image->elf && !image_is_trusted(image) &&
	       elf_file_owner(f) == elf_file_owner(image->elf);
}

struct elf_file *debugfile_open_named(const struct image *image, const char *path,
				      const struct build_id *id)
{
	const struct wanted_file wanted = {
		.path = path,
		.root = image->root,
		.as_user = !image->trusts_names,
		.user = image->elf ? image_owner(image) : image->named_by,
	};
	struct elf_file *f = image->root == ROOT_UNKNOWN ? NULL : elf_file_open_wanted(&wanted, id);

	if (f && !may_speak_for(image, f)) {
		elf_file_free(f);
		return NULL;
	}
	return f;
}

struct elf_file *debugfile_open_ours(const char *path, const struct build_id *id)
{
	const struct wanted_file wanted = {.path = path};

	return elf_file_open_wanted(&wanted, id);
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

/* One without symbols or debug information is of no use. */
static struct elf_file *useful(struct elf_file *f)
{
	if (!f || elf_file_has_symtab(f) || elf_file_has_debug_info(f))
		return f;
	elf_file_free(f);
	return NULL;
}

/* By the name that the image gives; takes it. What has no build id is known by its checksum. */
static struct elf_file *try_named(const struct image *image, char *path, uint32_t crc,
				  char **ret_path)
{
	const struct build_id *id = image->build_id.len ? &image->build_id : NULL;
	struct elf_file *f = debugfile_open_named(image, path, id);

	f = useful(id ? f : check_crc(f, &crc));
	if (f && ret_path)
		*ret_path = path;
	else
		free(path);
	return f;
}

/* By the build id: below the image's own root, then in ours, where root installs such files. */
static struct elf_file *try_by_id(const struct image *image, char **ret_path)
{
	auto_free char *path = debugfile_path(&image->build_id);
	struct elf_file *f = NULL;

	if (path && image->root >= 0)
		f = useful(debugfile_open_named(image, path, &image->build_id));
	if (path && !f)
		f = useful(debugfile_open_ours(path, &image->build_id));
	if (f && ret_path)
		*ret_path = steal(path);
	return f;
}

struct elf_file *debugfile_open(const struct image *image, char **ret_path)
{
	struct elf_file *f = try_by_id(image, ret_path);
	auto_free char *directory = NULL;
	const char *link;
	uint32_t crc;

	link = f || !image->elf ? NULL : elf_file_debuglink(image->elf, &crc);
	if (!link || strchr(link, '/') || image->path[0] != '/')
		return f;
	directory = path_folder(image->path);
	f = try_named(image, mem_printf("%s/%s", directory, link), crc, ret_path);
	if (!f)
		f = try_named(image, mem_printf("%s/.debug/%s", directory, link), crc, ret_path);
	if (!f)
		f = try_named(image, mem_printf("/usr/lib/debug%s/%s", directory, link), crc,
			      ret_path);
	return f;
}
