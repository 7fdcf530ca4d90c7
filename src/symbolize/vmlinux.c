/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running kernel's own file with debug information. */
#include "symbolize/vmlinux.h"

#include "base/authority.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "maps/debugfile.h"
#include "symbolize/symbols.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

enum { MAX_NOTES = 1 << 16, KALLSYMS_BEGIN = 256 << 10 };

struct vmlinux {
	struct image image;
	struct symbols *symbols;
	uint64_t slide; /* of the running kernel's addresses against the file's */
};

static void vmlinux_note_text(void *address, const struct elf_symbol *s)
{
	if (str_equal(s->name, "_text"))
		*(uint64_t *)address = s->address;
}

struct vmlinux *vmlinux_open(const char *path, const struct build_id *id, uint64_t text,
			     struct cache *cache)
{
	const struct wanted_file wanted = {.path = path};
	struct elf_file *elf = elf_file_open_wanted(&wanted, id);
	uint64_t linked = 0;
	struct vmlinux *v;

	if (elf)
		elf_file_symbols(elf, vmlinux_note_text, &linked);
	if (!linked || !elf_file_has_debug_info(elf)) {
		elf_file_free(elf);
		return NULL;
	}
	v = mem_alloc(sizeof(*v));
	v->image = (struct image){.kind = IMAGE_FILE,
				  .path = mem_strdup(path),
				  .build_id = *id,
				  .elf = elf,
				  .root = ROOT_OURS,
				  .by_path = true};
	v->slide = text - linked;
	v->symbols = symbols_new(&v->image, cache);
	return v;
}

/* Where the running kernel's _text lies; 0 when it hides that. */
static uint64_t running_text(void)
{
	with_authority(KERNEL_NAMES);
	auto_close int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	struct str text auto_release(str_release) = {0};
	const char *at;
	char piece[4096];
	ssize_t n;

	/* It is among the first; the whole file would cost more than all else. */
	while (fd >= 0 && text.len < KALLSYMS_BEGIN && (n = read(fd, piece, sizeof(piece))) > 0) {
		str_add(&text, piece, (size_t)n);
		at = strstr(text.text, " T _text\n");
		if (at && at - text.text >= 16)
			return strtoull(at - 16, NULL, 16);
	}
	return 0;
}

static bool running_build_id(struct build_id *ret)
{
	struct str notes auto_release(str_release) = {0};

	return !file_read("/sys/kernel/notes", MAX_NOTES, &notes) && notes.len &&
	       build_id_of_notes(notes.text, notes.len, ret);
}

struct vmlinux *vmlinux_new(struct cache *cache)
{
	static const char *const places[] = {"/usr/lib/debug/boot/vmlinux-",
					     "/usr/lib/debug/lib/modules/", "/boot/vmlinux-",
					     "/lib/modules/"};
	static const char *const ends[] = {"", "/vmlinux", "", "/build/vmlinux"};
	struct vmlinux *v = NULL;
	struct utsname host;
	struct build_id id;
	uint64_t text = 0;

	if (!running_build_id(&id) || uname(&host))
		return NULL;
	for (size_t i = 0; i <= ARRAY_SIZE(places) && !v; i++) {
		auto_free char *path = i < ARRAY_SIZE(places) ? mem_printf("%s%s%s", places[i],
									   host.release, ends[i])
							      : debugfile_path(&id);

		if (!path || access(path, R_OK))
			continue;
		text = text ? text : running_text();
		v = text ? vmlinux_open(path, &id, text, cache) : NULL;
	}
	return v;
}

void vmlinux_free(struct vmlinux *v)
{
	if (!v)
		return;
	symbols_free(v->symbols);
	elf_file_free(v->image.elf);
	free(v->image.path);
	free(v);
}

void vmlinux_prepare(struct vmlinux *v, const uint64_t *addresses, size_t n)
{
	auto_free uint64_t *own = mem_array(n + 1, sizeof(*own));

	for (size_t i = 0; i < n; i++)
		own[i] = addresses[i] - v->slide;
	symbols_prepare(v->symbols, own, n, false);
}

size_t vmlinux_find(struct vmlinux *v, uint64_t address, struct place *ret)
{
	size_t n;

	return symbols_find(v->symbols, address - v->slide, ret, &n) == BY_DEBUG_INFO ? n : 0;
}
