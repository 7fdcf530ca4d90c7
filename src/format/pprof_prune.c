/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames that a pprof file wants left out. */
#include "format/pprof_prune.h"

#include "base/mem.h"
#include "base/regex.h"

#include <string.h>

enum { MAX_EXPRESSION = 16384 };

struct pruning {
	struct profile *p;
	struct regex *drop, *keep; /* `drop` is NULL: nothing is dropped */
	struct map64 known;        /* name -> is it dropped? */
};

static void pruning_fails(struct pruning *pr, const char *why, const char *where)
{
	account_skip(&pr->p->account, 0, 0, why, where);
	regex_free(pr->drop);
	pr->drop = NULL;
}

/* The expression of a field, which is for whole names. */
static struct regex *pruning_regex(struct pruning *pr, string_id text, const char *field)
{
	struct err err = {0};
	const char *expression = profile_raw(pr->p, text);
	auto_free char *whole = NULL, *where = NULL;
	struct regex *re = NULL;

	if (strlen(expression) <= MAX_EXPRESSION) {
		whole = mem_printf("^(%s)\\z", expression);
		re = regex_new(whole, &err);
	}
	where = mem_printf("%s: %s", field, re || err.what[0] ? err.what : "it is too long");
	if (!re)
		pruning_fails(pr, "frames to be dropped, since that is no regular expression",
			      where);
	return re;
}

struct pruning *pruning_new(struct profile *p)
{
	struct pruning *pr;

	if (!p->drop_frames)
		return NULL;
	pr = mem_alloc(sizeof(*pr));
	pr->p = p;
	pr->drop = pruning_regex(pr, p->drop_frames, "drop_frames");
	if (pr->drop && p->keep_frames)
		pr->keep = pruning_regex(pr, p->keep_frames, "keep_frames");
	return pr;
}

void pruning_free(struct pruning *pr)
{
	if (!pr)
		return;
	regex_free(pr->drop);
	regex_free(pr->keep);
	map64_release(&pr->known);
	free(pr);
}

/* Without the dot of PowerPC's first ABI and without parameters; a '(' that belongs to a name
 * begins none. */
static char *without_parameters(const char *name)
{
	static const char *const reserved[] = {"(anonymous namespace)", "operator()"};
	const char *at;

	name += *name == '.';
	at = name;
	while (*at) {
		size_t len = *at == '(' ? 0 : 1;

		for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
			if (str_starts(at, reserved[i]))
				len = strlen(reserved[i]);
		if (!len)
			break;
		at += len;
	}
	return strndup(name, (size_t)(at - name));
}

static bool drops_text(struct pruning *pr, const char *name)
{
	auto_free char *text = without_parameters(name);
	enum regex_result drop = regex_try(pr->drop, text);
	enum regex_result keep = REGEX_NONE;

	if (drop == REGEX_MATCHES && pr->keep)
		keep = regex_try(pr->keep, text);
	if (drop == REGEX_TOO_LONG || keep == REGEX_TOO_LONG)
		pruning_fails(pr, "frames to be dropped, since that takes too long",
			      "drop_frames or keep_frames");
	return drop == REGEX_MATCHES && keep == REGEX_NONE;
}

bool pruning_drops(struct pruning *pr, string_id name)
{
	uint64_t known;

	/* A placeholder of ours stands where there was no name, which nothing matched. */
	if (!pr || !pr->drop || !name || name_is_placeholder(profile_raw(pr->p, name)))
		return false;
	if (!map64_find(&pr->known, name, &known)) {
		known = drops_text(pr, profile_raw(pr->p, name));
		map64_set(&pr->known, name, known);
	}
	return known && pr->drop;
}
