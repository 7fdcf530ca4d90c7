/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions (PCRE2). */
#include "base/regex.h"

#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
};

struct regex *regex_new(const char *pattern, struct err *err)
{
	struct regex *re;
	PCRE2_SIZE offset;
	pcre2_code *code;
	int error;

	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
	if (!code) {
		PCRE2_UCHAR text[128];

		pcre2_get_error_message(error, text, sizeof(text));
		err_usage(err, "bad regular expression '%s': %s at character %zu", pattern, text,
			  (size_t)offset + 1);
		return NULL;
	}
	re = mem_alloc(sizeof(*re));
	re->code = code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	re->match = pcre2_match_data_create(1, NULL);
	re->context = pcre2_match_context_create(NULL);
	if (!re->match || !re->context)
		mem_exhausted();
	/* A pattern like (a+)+b must not hang on a long name. */
	pcre2_set_match_limit(re->context, 100000);
	return re;
}

enum regex_result regex_try(const struct regex *re, const char *text)
{
	int n = pcre2_match(re->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, re->match,
			    re->context);

	if (n >= 0)
		return REGEX_MATCHES;
	return n == PCRE2_ERROR_NOMATCH ? REGEX_NONE : REGEX_TOO_LONG;
}

bool regex_matches(const struct regex *re, const char *text)
{
	return regex_try(re, text) == REGEX_MATCHES;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_match_context_free(re->context);
	pcre2_match_data_free(re->match);
	pcre2_code_free(re->code);
	free(re);
}
