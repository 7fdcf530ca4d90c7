#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every row of a .def table has its file, and every file of a kind its row.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE/src" || exit 1

rows() { sed -n "s/^$2(\([a-z0-9_]*\).*/\1/p" "$1"; }
for command in $(rows cli/commands.def COMMAND); do
	grep -q "^const struct command command_$command " "cli/$command.c" || fail "no command_$command in cli/$command.c"
	grep -q "cprof $command" "$SOURCE/README.md" || fail "README.md does not show cprof $command"
done
for file in $(grep -l '^const struct command command_' cli/*.c); do
	rows cli/commands.def COMMAND | grep -qx "$(basename "$file" .c)" || fail "$file has no row"
done
for resolver in $(rows symbolize/resolvers.def RESOLVER); do
	[ -f "symbolize/$resolver.c" ] || fail "no symbolize/$resolver.c"
done
for format in $(grep 'FORMAT(.*, yes, ' format/formats.def | sed 's/FORMAT(\([a-z_]*\),.*/\1/'); do
	grep -lq "^int ${format}_write(" format/*.c || fail "no ${format}_write in format/"
	grep -q "$format" "$SOURCE/man/cprof-export.1.scd" || fail "cprof-export(1) does not name $format"
	"$CPROF" record --help | tr -s ' \n' ' ' | grep -q "$format" || fail "--help does not name $format"
done
for format in $(grep -E 'FORMAT\(.*, (bytes|lines), ' format/formats.def | sed 's/FORMAT(\([a-z_]*\),.*/\1/'); do
	grep -lq "^int ${format}_read(" format/*.c || fail "no ${format}_read in format/"
	[ -d "$SOURCE/tests/data/fuzz/$format" ] || fail "reading $format is not fuzzed"
done
for tab in $(rows tui/tabs.def TAB); do
	grep -q "^const struct tab tab_$tab " "tui/tab_$tab.c" || fail "no tab_$tab in tui/tab_$tab.c"
done
finish
