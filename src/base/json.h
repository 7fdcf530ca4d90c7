/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values: jansson under the one header that the rest of cprof includes for it. */
#pragma once

#include <jansson.h>

#include "base/str.h"

/* Text as a JSON string; bytes that are no UTF-8 become U+FFFD, and what a terminal would obey that
 * JSON leaves as it is '?'. */
json_t *json_text(const char *text);

/* Appends the value as lines of JSON; consumes it. */
void json_print(json_t *value, struct str *out);
