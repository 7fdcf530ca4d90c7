/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules with functions that have no name, and what would name them. */
#include "cli/report_missing.h"

#include "analysis/cures.h"
#include "analysis/missing.h"
#include "base/json.h"
#include "base/mem.h"
#include "elf/elf_file.h"
#include "maps/packages.h"

/* Is the file that was sampled still at its path? */
static bool is_here(const struct wanted_file *wanted, const char *hex)
{
	struct build_id id;
	struct elf_file *f = elf_file_open_wanted(wanted, build_id_parse(hex, &id) ? &id : NULL);

	elf_file_free(f);
	return f;
}

/* Of a file with a path. */
static char *cure_of_file(const char *path, const char *build_id, uid_t named_by)
{
	const struct wanted_file wanted = {.path = path, .as_user = true, .user = named_by};
	auto_free char *package = package_of(path);
	struct opened_file file;

	if (!is_here(&wanted, build_id)) {
		if (*build_id)
			return mem_strdup("the file with this build id is not here (any more)");
		if (broker_open(&wanted, &file))
			return mem_strdup("the file is not here (any more)");
		close(file.fd);
		return mem_strdup("this is no ELF file");
	}
	return package ? package_cure(package) : mem_strdup("build it with -g, or do not strip it");
}

/* What would name the functions of a module, in words. */
static char *report_missing_cure_of(const struct profile *p, const struct missing *m)
{
	const struct mapping *is = m->mapping == NO_ID ? NULL : &p->mappings[m->mapping];
	const char *path = is ? profile_raw(p, is->filename) : "";

	if (str_starts(path, "[kernel"))
		return mem_strdup("kernel code is named while it is recorded; as root: "
				  "sysctl kernel.kptr_restrict=0");
	if (str_starts(path, "[unmapped"))
		return mem_strdup("none: this code was unmapped before it was looked at");
	if (m->is_generated)
		return mem_strdup(cure_of_generated(p));
	if (path[0] == '/')
		return cure_of_file(path, profile_text(p, is->build_id),
				    profile_named_by(p, m->mapping));
	return mem_strdup("the profile does not say which file this is: record it with cprof, or "
			  "give names to what recorded it");
}

static void missing_json(const struct profile *p, const struct missing *all, size_t n,
			 uint64_t frames, struct str *out)
{
	json_t *list = json_array(), *object = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct mapping *m =
			all[i].mapping == NO_ID ? NULL : &p->mappings[all[i].mapping];
		auto_free char *cure = report_missing_cure_of(p, &all[i]);
		json_t *row = json_object();

		json_object_set_new(row, "module",
				    json_text(m ? profile_text(p, m->filename) : ""));
		json_object_set_new(row, "build_id",
				    json_text(m ? profile_text(p, m->build_id) : ""));
		json_object_set_new(row, "unnamed", json_integer((json_int_t)all[i].unnamed));
		json_object_set_new(row, "frames", json_integer((json_int_t)all[i].frames));
		json_object_set_new(row, "cure", json_text(cure));
		json_array_append_new(list, row);
	}
	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(object, "frames", json_integer((json_int_t)frames));
	json_object_set_new(object, "missing", list);
	json_print(object, out);
}

static void missing_text(const struct profile *p, const struct missing *all, size_t n,
			 uint64_t frames, size_t most, struct str *out)
{
	uint64_t unnamed = 0;

	for (size_t i = 0; i < n; i++)
		unnamed += all[i].unnamed;
	str_printf(out, "%.2f %% of frames have no name\n",
		   frames ? 100.0 * (double)unnamed / (double)frames : 0.0);
	for (size_t i = 0; i < n && (!most || i < most); i++) {
		const struct mapping *m =
			all[i].mapping == NO_ID ? NULL : &p->mappings[all[i].mapping];
		auto_free char *cure = report_missing_cure_of(p, &all[i]);
		const char *id = m ? profile_text(p, m->build_id) : "";

		str_printf(out, "%6.2f %%  %s%s%s%s%s\n",
			   100.0 * (double)all[i].unnamed / (double)frames,
			   m ? profile_text(p, m->filename) : "[no module]",
			   *id ? "  build id " : "", id, *cure ? "\n          " : "", cure);
	}
}

void report_missing(const struct profile *p, size_t most, bool json, struct str *out)
{
	uint64_t frames;
	size_t n;
	auto_free struct missing *all = missing_names(p, &n, &frames);

	json ? missing_json(p, all, n, frames, out) : missing_text(p, all, n, frames, most, out);
}
