/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source files. */
#include "base/source.h"

#include "base/io.h"
#include "base/mem.h"

#include <string.h>

enum { MAX_SOURCE = 16 << 20 };

static bool source_read_at(struct source *s, const char *path)
{
	auto_close int fd = file_open_regular(-1, path);

	if (fd < 0)
		return false;
	if (fd_read(fd, MAX_SOURCE, &s->text)) {
		s->text.len = 0;
		return false;
	}
	s->path = mem_strdup(path);
	return true;
}

/* Below a folder: the whole path, then without its first folder, and so on. */
static bool read_below(struct source *s, const char *folder, const char *path)
{
	for (const char *rest = path; rest; rest = strchr(rest, '/')) {
		auto_free char *at = NULL;

		rest += strspn(rest, "/");
		at = mem_printf("%s/%s", folder, rest);
		if (*rest && source_read_at(s, at))
			return true;
	}
	return false;
}

static bool source_find(struct source *s, const char *path, const char *folders)
{
	auto_free char *copy = mem_strdup(folders ? folders : "");
	char *save = NULL;

	for (char *f = strtok_r(copy, ":", &save); f; f = strtok_r(NULL, ":", &save))
		if (read_below(s, f, path))
			return true;
	return path[0] == '/' && source_read_at(s, path);
}

bool source_read(struct source *s, const char *path, const char *folders)
{
	size_t cap = 0;

	*s = (struct source){0};
	if (!*path || strlen(path) > 4000 || !source_find(s, path, folders))
		return false;
	array_reserve(s->lines, cap, 1);
	s->lines[0] = "";
	for (char *at = s->text.text, *end; at && *at; at = end) {
		end = strchr(at, '\n');
		if (end)
			*end++ = '\0';
		array_reserve(s->lines, cap, s->n + 2);
		s->lines[++s->n] = at;
	}
	return true;
}

const char *source_line(struct source *s, const char *file, const char *folders, size_t line)
{
	if (!s->asked || !str_equal(s->asked, file)) {
		source_release(s);
		source_read(s, file, folders);
		s->asked = mem_strdup(file);
	}
	return line && line <= s->n ? s->lines[line] : "";
}

void source_release(struct source *s)
{
	free(s->path);
	free(s->asked);
	free(s->lines);
	str_release(&s->text);
	*s = (struct source){0};
}
