/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof cache: the tables kept on disk, of names and of unwind rules. */
#include "base/cache.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/name_options.h"
#include "cli/standard_out.h"
#include "format/format.h"
#include "symbolize/debuginfod.h"
#include "symbolize/symbols.h"
#include "unwind/tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DEBUGINFOD_S = 300 };

struct cache_command {
	struct symbolize_options names; /* first: the context of the option that is theirs */
	bool json;
};

static int cache_set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct cache_command *)ctx)->json = true;
	return 0;
}

static const struct option_row options[] = {
	{0, "debuginfod", NULL, "build: fetch debug information from $DEBUGINFOD_URLS first", 0,
	 NULL, name_set_debuginfod},
	{0, "json", NULL, "the list as JSON", 0, NULL, cache_set_json},
};

/* -- list -- */

/* "names-BUILDID-9-SIZE" is a table of names of that build id. */
static void take_apart(const char *key, char *kind, char *id)
{
	if (sscanf(key, "%15[a-z]-%40[0-9a-f]", kind, id) != 2) {
		snprintf(kind, 16, "other");
		snprintf(id, 41, "%.40s", key);
	}
}

static void list_text(const struct cache_entry *all, size_t n, struct str *out)
{
	int64_t now = (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000000);
	uint64_t sum = 0;
	char kind[16], id[41], size[32];

	if (n)
		str_printf(out, "%-8s %-40s %10s %s\n", "KIND", "BUILD ID", "SIZE", "USED");
	for (size_t i = n; i-- > 0;) {
		double hours = (double)MAX(now - all[i].used_s, 0) / 3600;

		take_apart(all[i].name, kind, id);
		str_printf(out, "%-8s %-40s %10s ", kind, id, format_bytes(size, all[i].bytes));
		if (hours < 1.0 / 60)
			str_puts(out, "just now\n");
		else if (hours < 1)
			str_printf(out, "%.0f minutes ago\n", hours * 60);
		else if (hours < 48)
			str_printf(out, "%.0f hours ago\n", hours);
		else
			str_printf(out, "%.0f days ago\n", hours / 24);
		sum += all[i].bytes;
	}
	str_printf(out, "%zu tables, %s\n", n, format_bytes(size, sum));
}

static void list_json(const struct cache_entry *all, size_t n, struct str *out)
{
	json_t *list = json_array(), *object = json_object();
	char kind[16], id[41];

	for (size_t i = n; i-- > 0;) {
		json_t *row = json_object();

		take_apart(all[i].name, kind, id);
		json_object_set_new(row, "kind", json_text(kind));
		json_object_set_new(row, "build_id", json_text(id));
		json_object_set_new(row, "bytes", json_integer((json_int_t)all[i].bytes));
		json_object_set_new(row, "used", json_integer((json_int_t)all[i].used_s));
		json_array_append_new(list, row);
	}
	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(object, "tables", list);
	json_print(object, out);
}

static int list(const struct cache_command *c, const struct cache *cache, struct err *err)
{
	struct str out auto_release(str_release) = {0};
	size_t n;
	struct cache_entry *all = cache_list(cache, &n);

	c->json ? list_json(all, n, &out) : list_text(all, n, &out);
	cache_list_free(all, n);
	return standard_out(&out, err);
}

/* -- build -- */

struct builder {
	struct images *images;
	struct cache *cache;
	struct debuginfod *debuginfod; /* NULL: not asked for */
};

static int build_image(const struct builder *b, struct image *image, struct err *err)
{
	struct symbols *s;
	bool had;
	int code, kept;

	if (b->debuginfod) {
		debuginfod_want(b->debuginfod, image);
		debuginfod_wait(b->debuginfod, DEBUGINFOD_S);
	}
	s = symbols_new(image, b->cache);
	had = symbols_is_whole(s);
	symbols_prepare(s, NULL, 0, true);
	code = tables_build(image, b->cache);
	kept = symbols_kept(s);
	if (!code && !kept)
		log_info("%s: %s %s", image->path, had ? "has names" : "names",
			 symbols_has_debug_info(s) ? "from debug information"
						   : "from symbol tables");
	symbols_free(s);
	if (!code && !kept)
		return 0;
	err_set(err, code ? code : kept, "the tables of %s cannot be kept in %s", image->path,
		cache_directory(b->cache));
	return err_cure(err, "make room there, or set XDG_CACHE_HOME to another place");
}

/* An ELF file; *ret_is says whether it is one. */
static int build_elf(const struct builder *b, const char *path, bool *ret_is, struct err *err)
{
	static const struct build_id none;
	auto_free char *real = realpath(path, NULL);
	struct image *image =
		real ? images_open_path(b->images, images_add(b->images, real, &none, NULL),
					geteuid())
		     : NULL;

	*ret_is = image && image->elf;
	if (!*ret_is)
		return 0;
	if (image->build_id.len)
		return build_image(b, image, err);
	log_warn("%s has no build id: its tables cannot be kept", path);
	return 0;
}

/* The files that a saved profile has code of. */
static int build_profile(const struct builder *b, const char *path, struct err *err)
{
	struct profile p;
	int code;

	profile_init(&p);
	code = profile_read(path, &p, err);
	for (mapping_id id = 0; !code && id < p.n_mappings; id++) {
		const char *file = profile_raw(&p, p.mappings[id].filename);
		struct build_id build_id;
		struct image *image;

		if (file[0] != '/' ||
		    !build_id_parse(profile_text(&p, p.mappings[id].build_id), &build_id))
			continue;
		image = images_open_path(b->images, images_add(b->images, file, &build_id, NULL),
					 profile_named_by(&p, id));
		if (image->elf)
			code = build_image(b, image, err);
		else
			log_warn("%s: not here, or another file by now", file);
	}
	profile_release(&p);
	return code;
}

static int cache_build(const struct cache_command *c, int n, char **paths, struct cache *cache,
		       struct err *err)
{
	struct builder b = {images_new(), cache, NULL};
	bool is_elf;
	int code = 0;

	if (!n) {
		err_usage(err, "build needs ELF files or saved profiles");
		code = err_cure(err, "as in: cprof cache build /usr/bin/postgres cprof.pb.gz");
	} else if (c->names.debuginfod) {
		b.debuginfod = debuginfod_new();
	}
	for (int i = 0; i < n && !code; i++)
		if (access(paths[i], R_OK))
			code = err_set(err, -errno, "cannot read %s", paths[i]);
		else {
			code = build_elf(&b, paths[i], &is_elf, err);
			if (!code && !is_elf)
				code = build_profile(&b, paths[i], err);
		}
	images_free(b.images);
	debuginfod_free(b.debuginfod);
	return code;
}

/* -- clean -- */

static int clean(const struct cache *cache)
{
	char size[32];

	log_info("removed %s", format_bytes(size, cache_trim(cache, 0)));
	return 0;
}

static int cache_run(void *ctx, int argc, char **argv, struct err *err)
{
	static const char *const words[] = {"list", "build", "clean"};
	const char *word = argc ? argv[0] : "list", *near;
	struct cache *cache = cache_new(NULL);
	int code = 0;

	if (cache_check(cache, err))
		code = err->code;
	else if (str_equal(word, "list") && argc <= 1)
		code = list(ctx, cache, err);
	else if (str_equal(word, "build"))
		code = cache_build(ctx, argc - 1, argv + 1, cache, err);
	else if (str_equal(word, "clean") && argc <= 1)
		code = clean(cache);
	else {
		near = nearest_word(word, words, ARRAY_SIZE(words));
		if (near && str_equal(near, word))
			code = err_usage(err, "%s takes no operands", word);
		else
			code = err_usage(err, "%.40s: list, build FILE... or clean", word);
		if (near && !str_equal(near, word))
			err_cure(err, "did you mean 'cprof cache %s'?", near);
	}
	cache_free(cache);
	if (!code)
		return EXIT_DONE;
	return err->exit_code ? err->exit_code : EXIT_FAILED;
}

static void more_help(struct str *out)
{
	struct cache *cache = cache_new(NULL);
	const char *where = cache_directory(cache);

	str_puts(out, "\n  list            the tables that are kept, last used first\n"
		      "  build FILE...   make them for ELF files, or for what saved profiles have "
		      "code of\n"
		      "  clean           remove all\n");
	if (where)
		str_printf(out, "\nThey lie in %s.\n", where);
	cache_free(cache);
}

const struct command command_cache = {
	.name = "cache",
	.summary = "the cache of names and unwind tables",
	.operands = "[list|build FILE...|clean]",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.more_help = more_help,
	.ctx_bytes = sizeof(struct cache_command),
	.run = cache_run,
};
