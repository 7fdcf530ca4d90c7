/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values: jansson under the one header that the rest of cprof includes for it. */
#pragma once

#include <jansson.h>

/* Text as a JSON string; bytes that are no UTF-8 become U+FFFD. */
json_t *json_text(const char *text);
