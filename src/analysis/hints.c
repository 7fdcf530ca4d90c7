/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a profile does not name, and what would. */
#include "analysis/hints.h"

#include "analysis/missing.h"
#include "base/mem.h"

#include <string.h>

/* Less of the frames than this is not worth a line. */
#define LEAST_SHARE 0.01

static bool has_process(const struct profile *p, const char *part)
{
	const string_id key = strings_find(&p->strings, "process");

	for (size_t i = 0; key && i < p->n_label_sets; i++) {
		const struct label *l = profile_label(p, (labels_id)i, key);

		if (l && l->text && strstr(profile_text(p, l->text), part))
			return true;
	}
	return false;
}

static bool has_mapping(const struct profile *p, const char *part)
{
	for (size_t i = 0; i < p->n_mappings; i++) {
		const char *path = profile_text(p, p->mappings[i].filename);
		const char *slash = strrchr(path, '/');

		if (strstr(slash ? slash : path, part))
			return true;
	}
	return false;
}

/* Python's trampolines, with which its perf map names its functions. */
static bool names_python(const struct profile *p)
{
	for (size_t i = 0; i < p->n_frames; i++)
		if (str_starts(profile_text(p, p->frames[i].function), "py::"))
			return true;
	return false;
}

/* Frames of generated code without a name, as a share of all. */
static double generated_share(const struct profile *p)
{
	uint64_t frames, unnamed = 0;
	size_t n;
	auto_free struct missing *all = missing_names(p, &n, &frames);

	for (size_t i = 0; i < n; i++) {
		const char *path = all[i].mapping == NO_ID
					   ? ""
					   : profile_text(p, p->mappings[all[i].mapping].filename);

		if (str_starts(path, "[anon") || str_starts(path, "//anon") ||
		    str_equal(path, "[jit]"))
			unnamed += all[i].unnamed;
	}
	return frames ? (double)unnamed / (double)frames : 0;
}

/* What would name generated code. */
static const char *cure_of_generated(const struct profile *p)
{
	if (has_mapping(p, "libjvm.so"))
		return "no perf map of this Java machine; 'jcmd PID Compiler.perfmap' (JDK 17) "
		       "writes one, and cprof's --java-perfmap asks for it";
	if (has_process(p, "node") || has_mapping(p, "node"))
		return "no perf map; start node with --perf-basic-prof";
	return "no perf map (/tmp/perf-PID.map) and no jitdump";
}

void hints_add(struct profile *p)
{
	double share = generated_share(p);

	if (share >= LEAST_SHARE) {
		auto_free char *text =
			mem_printf("%.1f %% of frames are generated code without names: %s",
				   100 * share, cure_of_generated(p));

		profile_add_comment(p, text);
	}
	if (has_mapping(p, "python") && !names_python(p))
		profile_add_comment(p, "Python's functions have no names here: no perf map; start "
				       "python 3.12 or later with -X perf");
}
