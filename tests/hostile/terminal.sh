#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names of files, functions and processes are anyone's: none of them reaches a terminal, a log line or a table with
# what those would obey.
. "$(dirname "$0")/../lib.sh"
need_root

# Code of a file with such a name, of a process and a thread with such names.
cat >evil.c <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
static const char name[] = "ev\nil\033]0;pwned\007\302\2331m\342\200\256=cmd.so";
int main(void)
{
	char page[4096] = "\x48\xc7\xc5\x10\x00\x00\x00\xf3\x90\xeb\xfc"; /* mov $16, %rbp; pause; jmp . */
	int fd = open(name, O_CREAT | O_RDWR, 0755);
	void (*code)(void);
	if (fd < 0 || write(fd, page, sizeof(page)) != sizeof(page))
		return 1;
	code = (void (*)(void))mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	prctl(PR_SET_NAME, "\033[2J\007\n<i>&\"'");
	puts("ready");
	fflush(stdout);
	code();
}
END
gcc -w -o evil evil.c
./evil >said &
evil=$!
is_ready() { grep -q ready said; }
await "the program" is_ready
obeyed() { # what a terminal would obey, but for line ends
	LC_ALL=C grep -qP '[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$@"
}
clean() { # WHAT FILE...
	local what=$1
	shift
	! obeyed "$@" || fail "$what: $(LC_ALL=C grep -hP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$@" | head -3 | cat -v)"
}
printf 'x\033y\n' >probe
obeyed probe || fail "the check finds nothing"
for form in text json; do
	expect 0 "$CPROF" -v --log-format=$form record -p $evil -d 0.5 -o e.pb.gz
	clean "the log as $form" err
	says_not err '^il'
done
expect 0 "$CPROF" threads $evil
clean threads out err
expect 0 "$CPROF" threads --json $evil
clean "threads --json" out
expect 0 "$CPROF" doctor $evil
clean doctor out err
for how in --top --tree --missing "--missing --json" --json --csv "--peek ." "--list . --asm" "--list . --trust"; do
	expect 0 "$CPROF" report $how e.pb.gz
	clean "report $how" out err
done
for format in folded json svg html csv; do
	expect 0 "$CPROF" export e.pb.gz --format $format -o -
	clean "export $format" out err
done
expect 0 "$CPROF" export e.pb.gz -o e.folded
same "$(wc -l <e.folded)" "$(grep -cE ' [0-9]+$' e.folded)" "lines of folded stacks"
expect 0 "$CPROF" diff e.pb.gz e.pb.gz
clean diff out err
# A spreadsheet takes none of them for a formula.
printf '=cmd|calc;+a;@b;-c;d 1\n=cmd|calc 2\n@b 1\n' >f.folded
expect 0 "$CPROF" report --csv f.folded
says_not out '(^|,)"?[=+@-][a-z]'
says out "'=cmd"
kill $evil
finish
