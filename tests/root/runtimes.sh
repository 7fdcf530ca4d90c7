#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CPU time of processes that switch thousands of times a second is what the kernel says that they ran.
. "$(dirname "$0")/../lib.sh"
need_root
cat >pipe.c <<'END2'
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
volatile uint64_t sink;
static double used(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void end_of_pipe(const char *name, int to, int from, int work, int first)
{
	char byte = 0;
	FILE *f;
	prctl(PR_SET_NAME, name);
	if (first && write(to, &byte, 1) != 1) return;
	while (used() < 1.0 && read(from, &byte, 1) == 1) {
		for (int i = 0; i < work; i++) sink = sink * 31 + (uint64_t)i;
		if (write(to, &byte, 1) != 1) break;
	}
	close(to);
	f = fopen(name, "w");
	fprintf(f, "%.6f\n", used());
	fclose(f);
	_exit(0);
}
int main(void)
{
	int a[2], b[2];
	if (pipe(a) || pipe(b)) return 1;
	signal(SIGPIPE, SIG_IGN);
	if (!fork()) { close(a[0]); close(b[1]); end_of_pipe("left", a[1], b[0], 2000, 1); }
	if (!fork()) { close(a[1]); close(b[0]); end_of_pipe("right", b[1], a[0], 500, 0); }
	close(a[0]); close(a[1]); close(b[0]); close(b[1]);
	while (wait(NULL) > 0) ;
	return 0;
}
END2
gcc -O1 -o pipe pipe.c || fail "gcc"
worth() { "$CPROF" export "$1" -o - --format folded --by process --value "$3" | awk -F';' -v n="$2" '$1 == n { sub(/.* /, ""); s += $0 } END { print s + 0 }'; }
# near FIGURE WANTED PERCENT WHAT
near() {
	at_least "$1" "$(awk -v w="$2" -v p="$3" 'BEGIN { printf "%.0f", w * (1 - p / 100) }')" "$4"
	at_most "$1" "$(awk -v w="$2" -v p="$3" 'BEGIN { printf "%.0f", w * (1 + p / 100) }')" "$4"
}
for how in "-F 499" "-F 499 --no-scale"; do
	rm -f left right
	# shellcheck disable=SC2086 # words
	expect 0 "$CPROF" record $how -o pipe.pb.gz -- taskset -c 0 ./pipe
	for end in left right; do
		cpu=$(worth pipe.pb.gz $end cpu)
		if [ "$how" = "-F 499" ]; then
			near "$cpu" "$(awk '{ print $1 * 1e9 }' $end)" 2 "$end: CPU time"
		else
			near "$cpu" "$(worth pipe.pb.gz $end samples | awk '{ print $1 * 1e9 / 499 }')" 0.1 "$end: not scaled"
		fi
	done
done
# What is sampled in part is not scaled.
expect 0 "$CPROF" -q record -F 499 -e cpu-clock:u -o user.pb.gz -- taskset -c 0 ./pipe
near "$(worth user.pb.gz left cpu)" "$(worth user.pb.gz left samples | awk '{ print $1 * 1e9 / 499 }')" 0.1 "cpu-clock:u"
finish
