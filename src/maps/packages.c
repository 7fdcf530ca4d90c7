/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which package a file came with. */
#include "maps/packages.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define DATABASE "/var/lib/dpkg/info"

enum { MAX_LIST_BYTES = 16 << 20 };

/* Has the list a line with that path? On a merged /usr a file may be listed by its old name. */
static bool lists(const struct str *list, const char *path)
{
	const char *names[] = {path, str_starts(path, "/usr/") ? path + 4 : path};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		for (const char *at = list->text; (at = strstr(at, names[i])); at += len)
			if ((at == list->text || at[-1] == '\n') && (at[len] == '\n' || !at[len]))
				return true;
	}
	return false;
}

/* "libc6:amd64.list" -> "libc6" */
static char *package_name(const char *file)
{
	return strndup(file, strcspn(file, ":") < strlen(file) ? strcspn(file, ":")
							       : strlen(file) - strlen(".list"));
}

char *package_of(const char *path)
{
	DIR *dir = opendir(DATABASE);
	char *found = NULL;

	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		struct str list auto_release(str_release) = {0};
		auto_free char *name = NULL;

		if (!str_ends(e->d_name, ".list"))
			continue;
		name = mem_printf(DATABASE "/%s", e->d_name);
		if (!file_read(name, MAX_LIST_BYTES, &list) && list.len && lists(&list, path))
			found = package_name(e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

char *package_cure(const char *package)
{
	/* The C library's is the one that everybody meets, and it is called otherwise. */
	if (str_equal(package, "libc6"))
		return mem_strdup("apt install libc6-dbg");
	return mem_printf("apt install %s-dbgsym (from debian-debug)", package);
}
