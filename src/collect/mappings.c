/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has mapped what. */
#include "collect/mappings.h"

#include "base/mem.h"
#include "base/clock.h"
#include "proc/procfs.h"

/* How often all of /proc is read again, at most, and for how long. */
static const uint64_t again_ns = 1000000000, scan_ns = 200000000;

/* More executable mappings than the kernel allows by default (vm.max_map_count). */
enum { MAX_SPACE_MAPS = 65536 };

/* How often /proc is read for mappings that no record told of. */
#define LOOK_NS 1000000000ull

struct pids {
	pid_t *all;
	size_t n, cap;
};

struct mappings {
	struct images *images;
	struct kernel *kernel;
	struct publish *publish;
	struct spaces spaces;
	struct pids changed; /* since the last time that the kernel side was told */
	struct pids exited;  /* to be forgotten when their counts are in */
	uint64_t lost;
	bool rescan_wanted;
	uint64_t rescanned_ns, crowded_ns;
	uint64_t scan_end_ns; /* of the scan that runs; 0: it takes what it takes */
};

struct mappings *mappings_new(struct images *images, struct kernel *kernel, struct publish *publish)
{
	struct mappings *m = mem_alloc(sizeof(*m));

	m->images = images;
	m->kernel = kernel;
	m->publish = publish;
	return m;
}

void mappings_free(struct mappings *m)
{
	if (!m)
		return;
	free(m->changed.all);
	free(m->exited.all);
	spaces_release(&m->spaces);
	free(m);
}

static void pids_add(struct pids *p, pid_t pid)
{
	if (p->n && p->all[p->n - 1] == pid)
		return;
	array_reserve(p->all, p->cap, p->n + 1);
	p->all[p->n++] = pid;
}

void mappings_scan(struct mappings *m, pid_t pid)
{
	struct space *space = spaces_get(&m->spaces, pid), fresh = {.pid = pid};

	space->scanned = true;
	pids_add(&m->changed, pid);
	/* A process that is gone meanwhile keeps what was known of it. */
	if (!space_scan(&fresh, m->images) && fresh.n)
		space_take(space, &fresh);
	free(fresh.maps);
}

/* In time: whom it does not come to is read about when a stack of his comes. */
static void scan_one(void *mappings, pid_t pid)
{
	struct mappings *m = mappings;

	if (!m->scan_end_ns || monotonic_ns() < m->scan_end_ns)
		mappings_scan(m, pid);
}

void mappings_scan_all(struct mappings *m)
{
	processes_each(scan_one, m);
}

static void apply_map(struct mappings *m, const struct side_record *r)
{
	struct space *space = spaces_get(&m->spaces, r->pid);
	const struct space_source source = {r->start, r->start + r->len, r->offset, r->path,
					    r->file};

	/* No record tells of an unmapping: what is there really, /proc knows. */
	if (space->n >= MAX_SPACE_MAPS && monotonic_ns() - m->crowded_ns > again_ns) {
		mappings_scan(m, r->pid);
		m->crowded_ns = monotonic_ns();
	}
	if (space->n < MAX_SPACE_MAPS && space_add_source(space, m->images, &source) && m->kernel)
		kernel_bump_generation(m->kernel, (uint32_t)r->pid);
	pids_add(&m->changed, r->pid);
}

/* perf's rings overflowed: what the mappings are now is the best that is known. It is not looked at
 * again and again, however fast somebody makes them overflow. */
static void rescan_all(struct mappings *m)
{
	uint64_t pid, space, now = monotonic_ns();

	if (!m->rescan_wanted || now - m->rescanned_ns < again_ns)
		return;
	m->rescan_wanted = false;
	for (size_t cursor = 0; map64_next(&m->spaces.by_pid, &cursor, &pid, &space);) {
		((struct space *)(uintptr_t)space)->scanned = false;
		if (!process_exists((pid_t)pid))
			pids_add(&m->exited, (pid_t)pid);
	}
	m->scan_end_ns = now + scan_ns;
	mappings_scan_all(m);
	m->scan_end_ns = 0;
	m->rescanned_ns = monotonic_ns();
}

void mappings_take(struct mappings *m, const struct side_record *record)
{
	struct space *space;

	switch (record->type) {
	case SIDE_MAP:
		apply_map(m, record);
		break;
	case SIDE_EXEC:
		space = spaces_get(&m->spaces, record->pid);
		/* What was published, or inherited, is another program's. */
		if (m->publish)
			publish_forget(m->publish, record->pid);
		images_forget_generated(m->images, record->pid);
		space_clear(space);
		space->scanned = true;
		break;
	case SIDE_FORK:
		if (record->pid == record->parent)
			break;
		spaces_fork(&m->spaces, record->parent, record->pid);
		if (m->publish)
			publish_fork(m->publish, record->parent, record->pid);
		/* Its parent's may have changed since they were published. */
		pids_add(&m->changed, record->pid);
		break;
	case SIDE_EXIT:
		if (record->pid != record->tid)
			break;
		pids_add(&m->exited, record->pid);
		break;
	case SIDE_KSYMBOL:
		/* By the end it may be gone, and the kernel would not know the name. */
		images_add_kernel_code(m->images, record->start, record->len, record->path);
		break;
	case SIDE_LOST:
		m->lost += record->lost;
		m->rescan_wanted = true;
		rescan_all(m);
		break;
	case SIDE_THROTTLE:
	case SIDE_UNTHROTTLE:
		break;
	}
}

/* Of a child that ended before it was heard of (perf's rings may have been full) its parent's
 * mappings are known, which it was walked by. */
struct space *mappings_of(struct mappings *m, const struct stack_record *record)
{
	struct space *space = spaces_get(&m->spaces, (pid_t)record->tgid);
	pid_t parent;

	if (!space->scanned)
		mappings_scan(m, (pid_t)record->tgid);
	parent = m->publish && !space->n ? publish_who_has(m->publish, record->serial) : 0;
	return parent && parent != space->pid ? spaces_fork(&m->spaces, parent, space->pid) : space;
}

bool mappings_look(struct mappings *m, struct space *space, uint64_t now_ns)
{
	if (now_ns - space->looked_ns <= LOOK_NS)
		return false;
	space->looked_ns = now_ns;
	/* The record that is looked for may be older than what lies at its addresses by now. */
	space_scan_gaps(space, m->images);
	return true;
}

void mappings_publish(struct mappings *m)
{
	for (size_t i = 0; m->publish && i < m->changed.n; i++) {
		struct space *space = spaces_find(&m->spaces, m->changed.all[i]);

		if (space)
			publish_renew(m->publish, space);
	}
	m->changed.n = 0;
}

static void forget_process(struct mappings *m, pid_t pid)
{
	spaces_remove(&m->spaces, pid);
	images_forget_generated(m->images, pid);
	if (m->publish)
		publish_forget(m->publish, pid);
}

void mappings_settle(struct mappings *m)
{
	size_t kept = 0;

	rescan_all(m);
	for (size_t i = 0; i < m->exited.n; i++) {
		/* A leader may end before its threads; a zombie stays until it is waited for. */
		if (process_exists(m->exited.all[i]))
			m->exited.all[kept++] = m->exited.all[i];
		else
			forget_process(m, m->exited.all[i]);
	}
	m->exited.n = kept;
}

uint64_t mappings_lost(const struct mappings *m)
{
	return m->lost;
}
