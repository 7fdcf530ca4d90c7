/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a key takes, from being pressed to the screen being drawn: screen FILE. Without the
 * terminal, which ncurses writes only what has changed to.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "format/format.h"
#include "tui/screen.h"

#include <locale.h>
#include <stdio.h>

static double press(struct screen *s, struct grid *g, uint32_t key)
{
	uint64_t start = monotonic_ns();

	screen_key(s, key);
	grid_reset(g, 50, 160);
	screen_draw(s, g);
	return (double)(monotonic_ns() - start) / 1e6;
}

int main(int argc, char **argv)
{
	/* Every tab when it is first shown and again, moving about, a search, another order. */
	static const char keys[] = "1234567123jjk/fn_7\r>>nbjj\r3jj\rub1fn_1\r";
	struct screen s;
	struct grid g = {0};
	struct profile p;
	struct err err = {0};
	double worst = 0;

	setlocale(LC_CTYPE, "C.UTF-8");
	profile_init(&p);
	if (argc != 2 || profile_read(argv[1], &p, &err)) {
		fprintf(stderr, "screen FILE: %s\n", err.what);
		return 1;
	}
	screen_init(&s, argv[1]);
	screen_changed(&s, &p);
	printf("first: %.1f ms\n", press(&s, &g, KEY_RESIZED));
	for (const char *k = keys; *k; k++) {
		double ms = press(&s, &g, (unsigned char)*k);

		printf("%s%c %.1f", k == keys ? "" : ", ", *k == '\r' ? '~' : *k, ms);
		worst = MAX(worst, ms);
	}
	printf("\nthe longest: %.1f ms; %zu stacks\n", worst, p.n_samples);
	screen_release(&s);
	grid_release(&g);
	profile_release(&p);
	return 0;
}
