/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/maps. */
#include "proc/pmaps.h"

#include "base/broker.h"
#include "base/mem.h"
#include "base/str.h"
#include "proc/procfs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { MAX_MAPS_BYTES = 16 << 20 };

/* Reads a hexadecimal number and the character behind it. */
static bool pmaps_take_hex(char **p, char end, uint64_t *ret)
{
	uint64_t value = 0;
	int digits = 0;

	for (;; (*p)++, digits++) {
		unsigned digit = hex_digit(**p);

		if (digit > 15)
			break;
		if (digits == 16)
			return false;
		value = value << 4 | digit;
	}
	if (!digits || **p != end)
		return false;
	(*p)++;
	*ret = value;
	return true;
}

/* The kernel writes a line feed in a path as \012. */
static void pmaps_unescape(char *path)
{
	char *out = path;

	for (char *in = path; *in; in++) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out++ = '\n';
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

static bool pmaps_parse_line(char *line, struct pmap *map)
{
	uint64_t major, minor;
	char *p = line, *inode;

	if (!pmaps_take_hex(&p, '-', &map->start) || !pmaps_take_hex(&p, ' ', &map->end))
		return false;
	if (strnlen(p, 5) < 5 || p[4] != ' ')
		return false;
	map->executable = p[2] == 'x';
	p += 5;
	if (!pmaps_take_hex(&p, ' ', &map->offset) || !pmaps_take_hex(&p, ':', &major) ||
	    !pmaps_take_hex(&p, ' ', &minor) || map->start >= map->end)
		return false;
	map->major = (uint32_t)major;
	map->minor = (uint32_t)minor;
	inode = p;
	p += strspn(p, "0123456789");
	map->path = "";
	if (*p) {
		if (*p != ' ')
			return false;
		*p++ = '\0';
		p += strspn(p, " ");
		pmaps_unescape(p);
		map->path = p;
	}
	return parse_u64(inode, UINT64_MAX, &map->inode);
}

void pmaps_parse(char *text, pmap_visit *visit, void *ctx)
{
	while (*text) {
		struct pmap map = {0};
		char *end = strchrnul(text, '\n');
		char *next = *end ? end + 1 : end;

		*end = '\0';
		if (pmaps_parse_line(text, &map))
			visit(ctx, &map);
		text = next;
	}
}

int pmaps_read(pid_t pid, pmap_visit *visit, void *ctx)
{
	struct str text auto_release(str_release) = {0};
	char path[64];
	pid_t live;
	int code;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	code = broker_read(pid, path, MAX_MAPS_BYTES, &text);
	if (!code && !text.len) {
		live = process_live_thread(pid);
		snprintf(path, sizeof(path), "/proc/%d/maps", live);
		code = live == pid ? 0 : broker_read(live, path, MAX_MAPS_BYTES, &text);
	}
	/* Of more than that the first are known. */
	if (code && code != -EFBIG)
		return code;
	if (text.len)
		pmaps_parse(text.text, visit, ctx);
	return 0;
}
