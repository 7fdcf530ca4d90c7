/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libbpf says, in our log. */
#include "collect/libbpf_log.h"

#include "base/log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static int say(enum libbpf_print_level level, const char *fmt,
						     va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	if (level != LIBBPF_DEBUG && *text)
		log_debug("%s", text);
	return 0;
}

void libbpf_log(void)
{
	libbpf_set_print(say);
}
