/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a profile does not name, and what would. */
#include "analysis/hints.h"

#include "analysis/cures.h"
#include "analysis/missing.h"
#include "base/mem.h"

#include <string.h>

/* Less of the frames than this is not worth a line. */
#define LEAST_SHARE 0.01

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

	for (size_t i = 0; i < n; i++)
		if (all[i].is_generated)
			unnamed += all[i].unnamed;
	return frames ? (double)unnamed / (double)frames : 0;
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
		profile_add_comment(p, "Python's functions have no names here: start python 3.12 "
				       "or later with -X perf");
}
