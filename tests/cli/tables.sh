#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completions and manual pages say what the tables say.
. "$(dirname "$0")/../lib.sh"

same() {
	"$CPROF" --print "$1" >now || fail "--print $1"
	cmp -s now "$SOURCE/$2" || fail "$2 is not what 'cprof --print $1' prints: print it again"
}
same bash completions/cprof.bash
same zsh completions/_cprof
same fish completions/cprof.fish
for page in "$SOURCE"/man/cprof-*.1.scd; do
	command=$(basename "$page" .1.scd)
	command=${command#cprof-}
	"$CPROF" --print "man:$command" >now || fail "there is a page of '$command' but no command"
	# The page holds the printed synopsis and options, as they are.
	awk 'NR == FNR { want[++n] = $0; next }
	     { have[++m] = $0 }
	     END {
		split_at = 0
		for (i = 1; i <= n; i++) if (want[i] == "# OPTIONS") split_at = i
		if (!holds(1, split_at - 1) || !holds(split_at, n)) exit 1
	     }
	     function holds(from, to,   i, k) {
		for (i = 1; i <= m; i++) {
			for (k = from; k <= to && have[i + k - from] == want[k]; k++);
			if (k > to) return 1
		}
		return 0
	     }' now "$page" || fail "$page does not hold what 'cprof --print man:$command' prints"
done
for command in $("$CPROF" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	[ -f "$SOURCE/man/cprof-$command.1.scd" ] || fail "no manual page of $command"
	grep -q "cprof-$command" "$SOURCE/man/cprof.1.scd" || fail "cprof(1) does not name $command"
done

# The bash completion does complete.
complete_words() {
	bash -c '. "$1"; COMP_WORDS=(cprof $2 "$3"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cprof; printf "%s\n" "${COMPREPLY[@]}"' - \
		"$SOURCE/completions/cprof.bash" "$1" "$2"
}
complete_words "" re >out
says out '^record$'
complete_words "record" --dur >out
says out '^--duration$'
complete_words "record --call-graph" f >out
says out '^fp$'
finish
