/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: option parsing: words of a command line, separated by NUL. */
#include "base/mem.h"
#include "cli/command.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_alloc(size + 1);
	auto_free void *ctx = mem_alloc(command_record.ctx_bytes);
	const struct option_table table = {command_record.options, command_record.n_options, ctx};
	char *argv[65] = {(char *)"record"};
	struct err err = {0};
	int argc = 1;

	memcpy(text, data, size);
	for (size_t at = 0; at < size && argc < 64; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	options_parse(&table, 1, argc, argv, data && size && data[0] & 1, &err);
	command_record.release(ctx);
	return 0;
}
