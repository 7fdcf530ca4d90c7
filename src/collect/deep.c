/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root ends of deep stacks. */
#include "collect/deep.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sort.h"
#include "collect/kernel.h"
#include "collect/leads.h"
#include "proc/procfs.h"

enum {
	MAX_DEEP_FRAMES = 1 << 18,
	MAX_HURRIED_FRAMES = 1 << 12, /* once the time is used up */
	FIRST_BYTES = 1 << 18,
	MAX_DEEP_BYTES = 1 << 26,
	MAX_KNOWN = 16,   /* stacks whose frames are kept, of one thread perhaps several */
	MAX_ENDS = 2048,  /* ends of stacks that wait for the stack */
	LEAST_FRAMES = 8, /* frames at the root */
	PART_OF_TIME = 10,
};

struct deep_frame {
	uint64_t word, sp;
};

/* So much of the time may be used up ahead: a tenth of it is work. */
#define AHEAD_NS 4000000000ull

/* All that was found of a thread's stack beyond some depth. */
struct deep_stack {
	pid_t tid;
	struct deep_frame *frames; /* by sp */
	size_t n, cap;
	uint64_t sum;  /* of the root's words, as the kernel side makes it */
	uint64_t used; /* when, by count */
};

/* The end of a stack as it was when it was sampled. */
struct stack_end {
	uint64_t id, start;
	uint64_t *words; /* ROOT_WORDS */
};

struct deeps {
	struct stack_end ends[MAX_ENDS]; /* a ring */
	size_t n_ends;                   /* that there have been */
	struct map64 end_of;             /* id of a stack -> place in the ring */
	struct kernel *kernel;
	struct calls *calls;
	struct deep_stack known[MAX_KNOWN];
	uint64_t count;
	pid_t *told; /* threads of which the kernel side knows, a ring */
	size_t n_told;
	bool waits;             /* for a table, */
	uint64_t taken;         /* since there were so many */
	uint64_t busy_until_ns; /* when the work done so far is a tenth of the time */
};

struct deeps *deeps_new(struct kernel *kernel)
{
	struct deeps *d = mem_alloc(sizeof(*d));

	d->kernel = kernel;
	d->calls = calls_new();
	d->told = mem_array(MAX_ROOTS, sizeof(*d->told));
	return d;
}

void deeps_free(struct deeps *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < MAX_KNOWN; i++)
		free(d->known[i].frames);
	for (size_t i = 0; i < MAX_ENDS; i++)
		free(d->ends[i].words);
	map64_release(&d->end_of);
	calls_free(d->calls);
	free(d->told);
	free(d);
}

/* -- what is known of a thread -- */

/* The thread's stack that was used last, or with `sum` the one that has it. NULL: there is none. */
static struct deep_stack *known_find(struct deeps *d, pid_t tid, uint64_t sum)
{
	struct deep_stack *found = NULL;

	for (size_t i = 0; i < MAX_KNOWN; i++) {
		struct deep_stack *known = &d->known[i];

		if (known->tid == tid && known->n && (!sum || known->sum == sum) &&
		    (!found || known->used > found->used))
			found = known;
	}
	return found;
}

/* Takes the frames. */
static void known_set(struct deeps *d, struct deep_stack *stack)
{
	struct deep_stack *to = known_find(d, stack->tid, stack->sum);

	if (!to) {
		/* The one used longest ago; one of nobody was never used. */
		to = d->known;
		for (size_t i = 1; i < MAX_KNOWN; i++)
			if (d->known[i].used < to->used)
				to = &d->known[i];
	}
	free(to->frames);
	*to = *stack;
	to->used = ++d->count;
	*stack = (struct deep_stack){0};
}

/* -- ends of stacks -- */

/* Where the frames at the root begin. */
static size_t root_from(const struct deep_stack *s)
{
	return s->n > MAX_ROOT_FRAMES ? s->n - MAX_ROOT_FRAMES : 0;
}

static void stack_end_drop(struct deeps *d, struct stack_end *w)
{
	if (!w->words)
		return;
	map64_delete(&d->end_of, w->id);
	free(steal(w->words));
}

void deeps_take_end(struct deeps *d, const struct root_record *r)
{
	struct stack_end *w = &d->ends[d->n_ends % MAX_ENDS];

	stack_end_drop(d, w);
	*w = (struct stack_end){r->id, r->start, mem_dup(r->words, sizeof(r->words))};
	map64_set(&d->end_of, r->id, d->n_ends++ % MAX_ENDS);
}

/* Does the sample have the word of the frame that is read now? -1: its end does not reach there. */
static int is_in_sample(const struct capture_rest *rest, const struct deep_frame *f)
{
	uint64_t at = (f->sp - sizeof(uint64_t) - rest->start) / sizeof(uint64_t);

	if (f->sp - sizeof(uint64_t) < rest->start || at >= rest->n_words)
		return -1;
	return rest->words[at] == (f->word & FRAME_ADDRESS);
}

/* Are the frames at the root, which are read now, those of the sample? Those that lie at its end
 * are, and there are some. */
static bool is_of_sample(const struct deep_stack *found, const struct capture_rest *rest)
{
	size_t seen = 0;

	/* The kernel side has looked at the same words, and knew what they hold. */
	if (rest->is_now || (rest->root_sum && rest->root_sum == found->sum))
		return true;
	for (size_t i = root_from(found); i < found->n; i++) {
		int is = found->frames[i].word & FRAME_EXACT
				 ? -1
				 : is_in_sample(rest, &found->frames[i]);

		if (!is)
			return false;
		seen += is > 0;
	}
	return seen >= MIN(found->n, (size_t)LEAST_FRAMES);
}

/* -- a walk -- */

struct deep_walk {
	struct deep_stack found;
	const struct deep_stack *known; /* of the same thread, or NULL */
	const uint8_t *stack;
	uint64_t start;
	size_t n_stack;
	size_t max_frames;
	bool joined; /* what is known goes on from here */
};

/* Does the stack still hold what the frame was read from? */
static bool is_unchanged(const struct deep_walk *w, const struct deep_frame *f)
{
	uint64_t offset = f->sp - sizeof(uint64_t) - w->start, word;

	if (f->word & FRAME_EXACT)
		return true;
	if (offset >= w->n_stack || w->n_stack - offset < sizeof(word))
		return false;
	memcpy(&word, w->stack + offset, sizeof(word));
	return word == (f->word & FRAME_ADDRESS);
}

/* Of frames by sp, the first that is not below. */
static size_t frame_from(const struct deep_stack *s, uint64_t sp)
{
	return count_before(s->n, i, s->frames[i].sp < sp);
}

/* Joins what is known, where that has this very frame and is unchanged from there on. */
static bool join_known(struct deep_walk *w, const struct deep_frame *f)
{
	const struct deep_stack *known = w->known;
	size_t first = known ? frame_from(known, f->sp) : 0;

	if (!known || first == known->n || known->frames[first].sp != f->sp ||
	    known->frames[first].word != f->word)
		return false;
	for (size_t i = first + 1; i < known->n; i++)
		if (!is_unchanged(w, &known->frames[i]))
			return false;
	array_reserve(w->found.frames, w->found.cap, w->found.n + known->n - first);
	memcpy(w->found.frames + w->found.n, known->frames + first,
	       (known->n - first) * sizeof(*known->frames));
	w->found.n += known->n - first;
	return true;
}

static bool visit_frame(void *walk, uint64_t word, uint64_t sp)
{
	struct deep_walk *w = walk;
	const struct deep_frame f = {word, sp};

	w->joined = join_known(w, &f);
	if (w->joined || w->found.n == w->max_frames)
		return false;
	array_reserve(w->found.frames, w->found.cap, w->found.n + 1);
	w->found.frames[w->found.n++] = f;
	return true;
}

/* As much of the stack as is wanted and there. */
static size_t deep_read(pid_t pid, uint64_t start, uint8_t *to, size_t wanted)
{
	return process_read(pid, start, to, wanted) & ~(size_t)7;
}

static enum deep_result deep_walk(struct deep_walk *w, const struct capture *in, pid_t pid,
				  const struct capture_rest *rest)
{
	auto_free uint8_t *stack = NULL;
	struct capture c = *in;
	unsigned end = WALK_UNREADABLE;
	size_t wanted = FIRST_BYTES;
	uint64_t top = w->known ? w->known->frames[w->known->n - 1].sp : 0;

	/* All words from the return address of the first frame on. */
	w->start = (rest->sp - sizeof(uint64_t)) & ~7ull;
	while (w->start + wanted < top && wanted < MAX_DEEP_BYTES)
		wanted *= 4;
	for (; end == WALK_UNREADABLE && wanted <= MAX_DEEP_BYTES; wanted *= 4) {
		free(stack);
		stack = mem_alloc(wanted);
		w->n_stack = deep_read(pid, w->start, stack, wanted);
		w->stack = stack;
		w->found.n = 0;
		c.stack = stack;
		c.start = w->start;
		c.n_stack = w->n_stack;
		c.present = ~0ull;
		end = capture_go_on(&c, rest, visit_frame, w);
		if (w->n_stack < wanted)
			break;
	}
	if (end == WALK_NOT_READY)
		return DEEP_WAIT;
	/* The thread has gone on since its sample: what is there now may be another stack. */
	if (!w->found.n || !is_unchanged(w, &w->found.frames[0]))
		return DEEP_NONE;
	w->stack = NULL;
	return end == WALK_FIRST || (end == WALK_GOES_ON && w->joined) ? DEEP_FOUND : DEEP_NONE;
}

/* -- telling -- */

static void tell(struct deeps *d, pid_t tid, const struct stack_root *root)
{
	pid_t *oldest = &d->told[d->n_told % MAX_ROOTS];

	if (!d->kernel || !tid)
		return;
	if (!kernel_has_root(d->kernel, (uint32_t)tid)) {
		if (*oldest)
			kernel_set_root(d->kernel, (uint32_t)*oldest, NULL);
		*oldest = tid;
		d->n_told++;
	}
	kernel_set_root(d->kernel, (uint32_t)tid, root);
}

/* Can each guessed caller among the frames be one? */
static bool frames_may_lead(struct deeps *d, const struct capture *in,
			    const struct deep_stack *found)
{
	const struct leads leads = {in->images, in->space, d->calls};
	struct file_place place = {0}, callee;

	for (size_t i = 0; i < found->n; i++) {
		uint64_t word = found->frames[i].word;

		callee = place;
		place = leads_place(&leads, (word & FRAME_ADDRESS) - !(word & FRAME_EXACT));
		if (i && word & FRAME_GUESSED &&
		    leads_to(&leads, place, callee) <
			    (word & FRAME_CHAINED ? LEAD_PROVEN : LEAD_POSSIBLE))
			return false;
	}
	return true;
}

/* The frames at the root, those from `first` on being in question. */
static void take_root(const struct deep_stack *found, size_t first, struct root_part *ret)
{
	size_t root = MAX(root_from(found), first);

	ret->between = root - first;
	for (size_t i = root; i < found->n; i++)
		ret->frames[ret->n++] = found->frames[i].word;
}

/* Where the words of the root lie, and what they hold. */
static struct stack_root root_words(struct deep_stack *found)
{
	struct stack_root words = {0};

	found->sum = 0;
	for (size_t i = root_from(found); i < found->n; i++) {
		const struct deep_frame *f = &found->frames[i];

		if (f->word & FRAME_EXACT)
			continue;
		words.at[words.n++] = f->sp - sizeof(uint64_t);
		found->sum = hash_mix(found->sum, f->word & FRAME_ADDRESS);
	}
	return words;
}

/* What else the words of the root have held. */
static void add_sums(struct deeps *d, pid_t tid, struct stack_root *root)
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_KNOWN && n < MAX_ROOT_SUMS; i++) {
		struct deep_stack other = d->known[i];
		struct stack_root its;

		if (other.tid != tid || !other.n)
			continue;
		its = root_words(&other);
		if (its.n == root->n && memcmp(its.at, root->at, sizeof(its.at)) == 0)
			root->sums[n++] = other.sum;
	}
}

/* What is known of the thread, if that is what the kernel side has seen. */
static bool take_known(const struct deep_stack *known, const struct capture_rest *rest,
		       struct root_part *ret)
{
	if (!known || !rest->root_sum || rest->sp > known->frames[known->n - 1].sp)
		return false;
	take_root(known, frame_from(known, rest->sp), ret);
	return true;
}

void deeps_add_end(const struct deeps *d, uint64_t id, struct capture_rest *rest)
{
	uint64_t at;

	if (!map64_find(&d->end_of, id, &at))
		return;
	rest->start = d->ends[at].start;
	rest->words = d->ends[at].words;
	rest->n_words = ROOT_WORDS;
}

enum deep_result deeps_find(struct deeps *d, const struct capture *in, pid_t tid,
			    const struct capture_rest *rest, struct root_part *ret)
{
	/* It is the words that decide whether what is known holds, not whose it is thought to be.
	 */
	pid_t whose = tid ? tid : in->space->pid;
	struct deep_walk w = {.known = known_find(d, whose, 0)};
	uint64_t began = monotonic_ns();
	bool hurried = began < d->busy_until_ns;
	struct stack_root root = {0};
	enum deep_result result;

	*ret = (struct root_part){0};
	if (take_known(known_find(d, whose, rest->root_sum), rest, ret))
		return DEEP_FOUND;
	if (rest->sp < sizeof(uint64_t) || (hurried && !w.known) ||
	    began + AHEAD_NS < d->busy_until_ns)
		return DEEP_NONE;
	/* Walking again is in vain until another table is there. */
	if (d->waits && tables_taken(in->tables) == d->taken)
		return DEEP_WAIT;
	d->taken = tables_taken(in->tables);
	w.max_frames = hurried ? MAX_HURRIED_FRAMES : MAX_DEEP_FRAMES;
	w.found.tid = whose;
	result = deep_walk(&w, in, tid ? tid : process_live_thread(in->space->pid), rest);
	if (result == DEEP_FOUND && !frames_may_lead(d, in, &w.found))
		result = DEEP_NONE;
	if (result == DEEP_FOUND) {
		root = root_words(&w.found);
		if (is_of_sample(&w.found, rest))
			take_root(&w.found, 0, ret);
		else
			result = DEEP_NONE;
		known_set(d, &w.found);
		add_sums(d, whose, &root);
		tell(d, tid, &root);
	} else if (result == DEEP_NONE && w.found.n == MAX_DEEP_FRAMES) {
		tell(d, tid, &root);
	}
	d->waits = result == DEEP_WAIT;
	free(w.found.frames);
	d->busy_until_ns = MAX(d->busy_until_ns, began > AHEAD_NS ? began - AHEAD_NS : 0) +
			   PART_OF_TIME * (monotonic_ns() - began);
	return result;
}
