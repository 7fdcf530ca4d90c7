/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source files. */
#include "base/source.h"

#include "base/broker.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { MAX_SOURCE = 16 << 20 };

static bool source_read_at(struct source *s, const struct wanted_file *wanted)
{
	struct opened_file file;
	int code = broker_open(wanted, &file);
	bool ok;

	s->refused |= code == -EACCES && wanted->as_user;
	if (code)
		return false;
	ok = !fd_read(file.fd, MAX_SOURCE, &s->text);
	close(file.fd);
	if (ok)
		s->path = mem_strdup(wanted->path);
	else
		s->text.len = 0;
	return ok;
}

/* Would it lead out of the folder that it is looked for in? */
static bool leads_up(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '/' || !at[2]))
			return true;
	return false;
}

/* Below a folder: the whole path, then without its first folder, and so on. */
static bool read_below(struct source *s, const char *folder, const char *path)
{
	for (const char *rest = path; rest; rest = strchr(rest, '/')) {
		auto_free char *at = NULL;

		rest += strspn(rest, "/");
		at = mem_printf("%s/%s", folder, rest);
		if (*rest && !leads_up(rest) &&
		    source_read_at(s, &(struct wanted_file){.path = at}))
			return true;
	}
	return false;
}

static bool source_find(struct source *s, const char *path, const char *folders, uid_t named_by)
{
	const struct wanted_file named = {.path = path, .as_user = true, .user = named_by};
	auto_free char *copy = mem_strdup(folders ? folders : "");
	char *save = NULL;

	for (char *f = strtok_r(copy, ":", &save); f; f = strtok_r(NULL, ":", &save))
		if (read_below(s, f, path))
			return true;
	return path[0] == '/' && source_read_at(s, &named);
}

bool source_read(struct source *s, const char *path, const char *folders, uid_t named_by)
{
	size_t cap = 0;

	*s = (struct source){0};
	if (!*path || strlen(path) > 4000 || !source_find(s, path, folders, named_by))
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

const char *source_line(struct source *s, const char *file, const char *folders, uid_t named_by,
			size_t line)
{
	if (!s->asked || !str_equal(s->asked, file)) {
		source_release(s);
		source_read(s, file, folders, named_by);
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
