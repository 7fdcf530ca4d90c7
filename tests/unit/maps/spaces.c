/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: overlapping mappings replace, checked against one byte per page. */
#include "unit/test.h"

#include "maps/spaces.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 64 };

static struct image images[4];

static struct space_map map(unsigned start, unsigned n, unsigned offset, unsigned image)
{
	return (struct space_map){start, start + n, offset, &images[image]};
}

/* Random mappings; each page must show the last one put over it, at the right offset. */
static void the_last_mapping_wins(void **state)
{
	uint64_t x = 42;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct space s = {0};
		struct {
			struct image *image;
			uint64_t offset;
		} want[PAGES] = {{0}};

		for (int i = 0; i < 12; i++) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			unsigned start = (x >> 33) % PAGES, n = 1 + (x >> 40) % 20;
			struct space_map m = map(start, n, (x >> 50) % 100, (x >> 60) % 4);

			space_add(&s, &m);
			for (unsigned page = start; page < start + n && page < PAGES; page++) {
				want[page].image = m.image;
				want[page].offset = m.offset + page - start;
			}
		}
		for (unsigned page = 0; page < PAGES; page++) {
			const struct space_map *m = space_find(&s, page);

			assert_ptr_equal(m ? m->image : NULL, want[page].image);
			if (m)
				assert_int_equal(page - m->start + m->offset, want[page].offset);
		}
		for (size_t i = 1; i < s.n; i++)
			assert_true(s.maps[i - 1].end <= s.maps[i].start);
		free(s.maps);
	}
}

static void replacing_other_code_is_told(void **state)
{
	struct space s = {0};
	struct space_map a = map(10, 5, 0, 0), b = map(20, 5, 0, 1), other = map(10, 5, 0, 2);

	(void)state;
	assert_false(space_add(&s, &a));
	assert_false(space_add(&s, &b));
	assert_false(space_add(&s, &a)); /* the same again */
	assert_true(space_add(&s, &other));
	free(s.maps);
}

/* What is known stays, though /proc has other code there by now; what surrounds it is learned. */
static void a_late_look_fills_gaps_alone(void **state)
{
	struct space now = {.pid = getpid()}, known = {.pid = getpid()};
	struct images *found = images_new();
	uint64_t here = (uintptr_t)a_late_look_fills_gaps_alone;
	const struct space_map *m;
	struct space_map old;

	(void)state;
	assert_int_equal(space_scan(&now, found), 0);
	m = space_find(&now, here);
	assert_non_null(m);
	old = (struct space_map){here, here + 1, 7, &images[0]};
	space_add(&known, &old);
	assert_int_equal(space_scan_gaps(&known, found), 0);
	assert_ptr_equal(space_find(&known, here)->image, &images[0]);
	assert_int_equal(space_find(&known, here)->offset, 7);
	for (int side = -1; side <= 1; side += 2) {
		const struct space_map *learned =
			space_find(&known, here + (uint64_t)(int64_t)side);

		assert_ptr_equal(learned->image, m->image);
		assert_int_equal(learned->start - learned->offset, m->start - m->offset);
	}
	free(known.maps);
	free(now.maps);
	images_free(found);
}

/* Code that was copied to memory of no file, between two parts of its file, is its file's; what
 * lies behind it is not. */
static void a_hole_in_a_file_is_the_files(void **state)
{
	enum { PAGE = 4096 };
	int flags = PROT_READ | PROT_EXEC, fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *at = mmap(NULL, 5 * PAGE, flags, MAP_PRIVATE, fd, PAGE);
	struct space space = {.pid = getpid()};
	struct images *found = images_new();
	const struct space_map *before, *hole, *behind;

	(void)state;
	assert_true(at != MAP_FAILED);
	for (int page = 1; page < 5; page += 3)
		assert_true(mmap(at + page * PAGE, PAGE, flags,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	assert_int_equal(space_scan(&space, found), 0);
	before = space_find(&space, (uintptr_t)at);
	hole = space_find(&space, (uintptr_t)at + PAGE);
	behind = space_find(&space, (uintptr_t)at + 4 * PAGE);
	assert_ptr_equal(hole->image, before->image);
	assert_int_equal((uintptr_t)at + PAGE - hole->start + hole->offset, 2 * PAGE);
	assert_int_equal(behind->image->kind, IMAGE_ANONYMOUS);
	munmap(at, 5 * PAGE);
	close(fd);
	free(space.maps);
	images_free(found);
}

static void a_fork_copies_and_an_exit_forgets(void **state)
{
	struct spaces spaces = {0};
	struct space *parent = spaces_get(&spaces, 100), *child;
	struct space_map a = map(10, 5, 0, 0);

	(void)state;
	space_add(parent, &a);
	child = spaces_fork(&spaces, 100, 101);
	assert_int_equal(child->n, 1);
	space_clear(child);
	assert_int_equal(parent->n, 1);
	spaces_remove(&spaces, 101);
	assert_null(spaces_find(&spaces, 101));
	spaces_release(&spaces);
}

TESTS(T(the_last_mapping_wins), T(replacing_other_code_is_told), T(a_late_look_fills_gaps_alone),
      T(a_hole_in_a_file_is_the_files), T(a_fork_copies_and_an_exit_forgets))
