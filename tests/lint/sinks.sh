#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What others have named goes to terminals, logs and tables by way of one function each: texts of a profile as
# profile_text() gives them, messages through base/err and base/log, output of commands through cli/standard_out.
. "$(dirname "$0")/../lib.sh"
: "${dir:?}"
cd "$SOURCE/src" || exit 1

# only WHERE REGEX WHAT: no other files match
only() {
	local where file
	where=$(tr -s '\n\t' '  ' <<<"$1")
	for file in $(grep -lE "$2" ./*/*.[ch]); do
		case " ${where% } " in
		*" ${file#./} "*) ;;
		*) fail "$file: $3" ;;
		esac
	done
	for file in $where; do
		grep -qE "$2" "$file" || fail "tests/lint/sinks.sh allows $file what it does not do: $3"
	done
}
# As they came: to open files, to compare, to be written into files that others read as they are.
only "profile/profile.h profile/copy.c format/html.c format/pprof_prune.c format/pprof_read.c format/perf_script.c format/listing.c
	symbolize/disassemble.c symbolize/symbolize.c tui/tab_source.c cli/cache.c cli/report_missing.c" \
	'profile_raw\(' 'texts as they came are not for showing'
only "profile/strings.h profile/profile.h format/folded_read.c" 'strings_get\(' 'texts as they came are not for showing'
only "cli/standard_out.c base/output.c cli/save.c cli/diff.c cli/doctor.c cli/threads.c cli/show.c tui/curses.c" 'STDOUT_FILENO' \
	'commands print through cli/standard_out'
only "cli/standard_out.c" 'fd_write\((1|2|STD)' 'commands print through cli/standard_out'
only "base/log.c" '(^|[^a-z_])(fprintf|fputs|fwrite)\((stderr|stdout|[^)]*(stderr|stdout)\))' 'messages go through base/log'
finish
