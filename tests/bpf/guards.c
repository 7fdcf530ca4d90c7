/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What old kernels would refuse, found without them: guards OBJECT... BTF...
 *
 * Every object is relocated by libbpf against the stored type information of each kernel (*.btf)
 * and "loaded" by a bpf() of ours, which keeps the instructions. In these:
 * - the stack of a chain of calls, each function rounded up to 32 bytes, is at most 512 bytes, as
 *   verifiers up to that of 6.15 want it;
 * - no access that the kernel's types do not have can be reached;
 * - the object for kernels before 5.13 has no callbacks and no atomic operation that returns
 * something.
 *
 * Source: check_max_stack_depth() in kernel/bpf/verifier.c; bpf_core_poison_insn() in libbpf's
 * relo_core.c.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	MAX_INSNS = 1 << 16,
	MAX_FUNCTIONS = 64,
	MAX_STACK = 512,
	STACK_UNIT = 32,
	POISON = 195896080, /* libbpf's "bad relo" */
	FAKE_MAP_BYTES = 1 << 30,
};

static const char *object_name, *kernel_name;
static bool is_old_object;
static unsigned failures, programs;

static void fail(const char *program, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s, %s, %s: ", object_name, kernel_name, program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	failures++;
}

/* -- what a program is made of -- */

struct function {
	unsigned begin, end;
	unsigned stack_bytes;
	bool calls[MAX_FUNCTIONS];
};

struct program {
	const char *name;
	const struct bpf_insn *insns;
	unsigned n;
	struct function functions[MAX_FUNCTIONS];
	unsigned n_functions;
};

static bool is_wide(const struct bpf_insn *in)
{
	return in->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* The function that an instruction calls, or takes the address of; false: it does neither. */
static bool names_function(const struct bpf_insn *in, unsigned at, unsigned *ret)
{
	if ((in->code == (BPF_JMP | BPF_CALL) && in->src_reg == BPF_PSEUDO_CALL) ||
	    (is_wide(in) && in->src_reg == BPF_PSEUDO_FUNC)) {
		*ret = at + 1 + (unsigned)in->imm;
		return true;
	}
	return false;
}

static int order(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static void add_function(struct program *p, unsigned begin)
{
	for (unsigned i = 0; i < p->n_functions; i++)
		if (p->functions[i].begin == begin)
			return;
	if (p->n_functions == MAX_FUNCTIONS || begin >= p->n) {
		fail(p->name, "a function at %u, the %uth", begin, p->n_functions);
		return;
	}
	p->functions[p->n_functions++] = (struct function){.begin = begin};
}

static unsigned function_at(const struct program *p, unsigned begin)
{
	for (unsigned i = 0; i < p->n_functions; i++)
		if (p->functions[i].begin == begin)
			return i;
	return 0;
}

static void find_functions(struct program *p)
{
	unsigned to;

	add_function(p, 0);
	for (unsigned i = 0; i < p->n; i += 1 + is_wide(&p->insns[i]))
		if (names_function(&p->insns[i], i, &to))
			add_function(p, to);
	qsort(p->functions, p->n_functions, sizeof(*p->functions), order);
	for (unsigned i = 0; i < p->n_functions; i++)
		p->functions[i].end = i + 1 < p->n_functions ? p->functions[i + 1].begin : p->n;
}

/* -- stack -- */

static bool is_memory(const struct bpf_insn *in, unsigned *ret_base)
{
	unsigned class = BPF_CLASS(in->code);

	*ret_base = class == BPF_LDX ? in->src_reg : in->dst_reg;
	return class == BPF_LDX || class == BPF_ST || class == BPF_STX;
}

/* The lowest byte below the frame that is used or pointed at. */
static void measure_stack(struct program *p, struct function *f)
{
	long offset[11] = {0};
	bool on_stack[11] = {[BPF_REG_10] = true};

	for (unsigned i = f->begin; i < f->end; i += 1 + is_wide(&p->insns[i])) {
		const struct bpf_insn *in = &p->insns[i];
		unsigned base, to;
		long low = 0;

		if (is_memory(in, &base) && on_stack[base])
			low = offset[base] + in->off;
		if (names_function(in, i, &to))
			f->calls[function_at(p, to)] = true;
		if (in->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !in->off) {
			on_stack[in->dst_reg] = on_stack[in->src_reg];
			offset[in->dst_reg] = offset[in->src_reg];
		} else if (in->code == (BPF_ALU64 | BPF_ADD | BPF_K) && on_stack[in->dst_reg]) {
			offset[in->dst_reg] += in->imm;
			low = offset[in->dst_reg];
		} else if (BPF_CLASS(in->code) == BPF_LDX || BPF_CLASS(in->code) == BPF_ALU ||
			   BPF_CLASS(in->code) == BPF_ALU64 || is_wide(in)) {
			on_stack[in->dst_reg] = false;
		}
		if (-low > (long)f->stack_bytes)
			f->stack_bytes = (unsigned)-low;
	}
}

static unsigned deepest(const struct program *p, unsigned at, unsigned depth)
{
	const struct function *f = &p->functions[at];
	unsigned own = f->stack_bytes ? f->stack_bytes : 1, below = 0;

	if (depth == MAX_FUNCTIONS) {
		fail(p->name, "functions call each other in a circle");
		return 0;
	}
	for (unsigned i = 0; i < p->n_functions; i++) {
		unsigned n = f->calls[i] ? deepest(p, i, depth + 1) : 0;

		below = n > below ? n : below;
	}
	return (own + STACK_UNIT - 1) / STACK_UNIT * STACK_UNIT + below;
}

static void check_stack(struct program *p)
{
	unsigned most;

	for (unsigned i = 0; i < p->n_functions; i++)
		measure_stack(p, &p->functions[i]);
	most = deepest(p, 0, 0);
	if (getenv("GUARDS_SHOW"))
		printf("%s %s: %u bytes of stack, %u instructions\n", object_name, p->name, most,
		       p->n);
	if (most > MAX_STACK)
		fail(p->name, "%u bytes of stack over a chain of calls, at most %d are allowed",
		     most, MAX_STACK);
}

/* -- what can be reached -- */

/* Registers whose value is the same however an instruction is reached. */
struct state {
	bool seen;
	unsigned known; /* a bit each */
	__u64 value[11];
};

static struct state states[MAX_INSNS];
static unsigned work[MAX_INSNS * 2], n_work;
static bool queued[MAX_INSNS];

static bool is_known(const struct state *s, unsigned reg)
{
	return s->known >> reg & 1;
}

/* Comes to `at` with `s`: what differs from before is not known there. */
static void reach(unsigned at, const struct state *s)
{
	struct state *to = &states[at], before = *to;

	if (!to->seen) {
		*to = *s;
		to->seen = true;
	} else {
		for (unsigned r = 0; r < 11; r++)
			if (is_known(to, r) && (!is_known(s, r) || to->value[r] != s->value[r]))
				to->known &= ~(1u << r);
	}
	if ((!before.seen || to->known != before.known) && !queued[at]) {
		queued[at] = true;
		work[n_work++] = at;
	}
}

static void set(struct state *s, unsigned reg, bool known, __u64 value)
{
	s->known = (s->known & ~(1u << reg)) | (unsigned)known << reg;
	s->value[reg] = value;
}

static void compute(struct state *s, const struct bpf_insn *in)
{
	bool by_register = BPF_SRC(in->code) == BPF_X, known = is_known(s, in->dst_reg);
	__u64 a = s->value[in->dst_reg],
	      b = by_register ? s->value[in->src_reg] : (__u64)(__s64)in->imm;

	known = known && (!by_register || is_known(s, in->src_reg));
	switch (BPF_OP(in->code)) {
	case BPF_MOV:
		known = (!by_register || is_known(s, in->src_reg)) && !in->off;
		a = b;
		break;
	case BPF_AND:
		a &= b;
		break;
	case BPF_OR:
		a |= b;
		break;
	case BPF_XOR:
		a ^= b;
		break;
	case BPF_ADD:
		a += b;
		break;
	case BPF_LSH:
		a <<= b & 63;
		break;
	case BPF_RSH:
		a >>= b & 63;
		break;
	default:
		known = false;
	}
	set(s, in->dst_reg, known, BPF_CLASS(in->code) == BPF_ALU ? (__u32)a : a);
}

/* Is a conditional jump taken? -1: that depends. */
static int is_taken(const struct state *s, const struct bpf_insn *in)
{
	bool by_register = BPF_SRC(in->code) == BPF_X, narrow = BPF_CLASS(in->code) == BPF_JMP32;
	__u64 a = s->value[in->dst_reg],
	      b = by_register ? s->value[in->src_reg] : (__u64)(__s64)in->imm;

	if (!is_known(s, in->dst_reg) || (by_register && !is_known(s, in->src_reg)))
		return -1;
	if (narrow) {
		a = (__u32)a;
		b = (__u32)b;
	}
	switch (BPF_OP(in->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return (a & b) != 0;
	default:
		return -1;
	}
}

static void jump(const struct program *p, unsigned at, const struct state *s)
{
	const struct bpf_insn *in = &p->insns[at];
	unsigned op = BPF_OP(in->code), to = at + 1 + (unsigned)(int)in->off;
	struct state next = *s;
	int taken;

	if (op == BPF_EXIT)
		return;
	if (op == BPF_CALL) {
		if (in->src_reg == 0 && in->imm == POISON)
			fail(p->name, "instruction %u reads what this kernel does not have", at);
		next.known &= ~0x3fu;
		reach(at + 1, &next);
		return;
	}
	if (op == BPF_JA) {
		reach(BPF_CLASS(in->code) == BPF_JMP32 ? at + 1 + (unsigned)in->imm : to, s);
		return;
	}
	taken = is_taken(s, in);
	if (taken != 0)
		reach(to, s);
	if (taken != 1)
		reach(at + 1, s);
}

static void step(const struct program *p, unsigned at)
{
	const struct bpf_insn *in = &p->insns[at];
	struct state s = states[at];

	switch (BPF_CLASS(in->code)) {
	case BPF_JMP:
	case BPF_JMP32:
		jump(p, at, &s);
		return;
	case BPF_ALU:
	case BPF_ALU64:
		compute(&s, in);
		break;
	case BPF_LDX:
		set(&s, in->dst_reg, false, 0);
		break;
	case BPF_LD:
		set(&s, in->dst_reg, is_wide(in) && !in->src_reg,
		    (__u32)in->imm | (is_wide(in) ? (__u64)(__u32)in[1].imm << 32 : 0));
		break;
	case BPF_STX: /* an atomic operation may change a register */
		if (BPF_MODE(in->code) == BPF_ATOMIC) {
			set(&s, in->src_reg, false, 0);
			set(&s, BPF_REG_0, false, 0);
		}
		break;
	}
	reach(at + 1 + is_wide(in), &s);
}

static void check_reachable(const struct program *p)
{
	const struct state nothing = {.seen = true};

	memset(states, 0, p->n * sizeof(*states));
	for (unsigned i = 0; i < p->n_functions; i++)
		reach(p->functions[i].begin, &nothing);
	while (n_work) {
		unsigned at = work[--n_work];

		queued[at] = false;
		step(p, at);
	}
}

/* -- old kernels' instructions -- */

static void check_old(const struct program *p)
{
	for (unsigned i = 0; i < p->n; i += 1 + is_wide(&p->insns[i])) {
		const struct bpf_insn *in = &p->insns[i];

		if (is_wide(in) && in->src_reg == BPF_PSEUDO_FUNC)
			fail(p->name, "instruction %u takes the address of a callback", i);
		if (BPF_CLASS(in->code) == BPF_STX && BPF_MODE(in->code) == BPF_ATOMIC &&
		    in->imm != BPF_ADD)
			fail(p->name, "instruction %u is an atomic operation that old kernels lack",
			     i);
	}
}

static void check_program(const union bpf_attr *attr)
{
	static struct program p;

	p = (struct program){.name = attr->prog_name,
			     .insns = (const void *)(unsigned long)attr->insns,
			     .n = attr->insn_cnt};
	if (p.n >= MAX_INSNS) {
		fail(p.name, "%u instructions", p.n);
		return;
	}
	programs++;
	find_functions(&p);
	check_stack(&p);
	check_reachable(&p);
	if (is_old_object)
		check_old(&p);
}

/* -- a kernel that takes everything -- */

static bool loading;

static long fake_descriptor(void)
{
	int fd = memfd_create("map", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, FAKE_MAP_BYTES))
		return -1;
	return fd;
}

static bool is_ours(const char *program)
{
	static const char *const names[] = {"perf_event_", "target_", "snapshot_thread",
					    "kernel_name"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(program, names[i], strlen(names[i])) == 0)
			return true;
	return false; /* libbpf's own, to find out what the kernel has */
}

long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number != SYS_bpf) { /* libbpf's memfd_create and dup3, from 1.5 on */
		long (*real)(long number, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

		return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	switch (a[0]) {
	case BPF_PROG_LOAD:
		if (loading && is_ours(((const union bpf_attr *)a[1])->prog_name))
			check_program((const void *)a[1]);
		return fake_descriptor();
	case BPF_MAP_CREATE:
	case BPF_BTF_LOAD:
	case BPF_LINK_CREATE:
		return fake_descriptor();
	default:
		return 0;
	}
}

static int say(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/* Before 5.13 (and their bpf_loop, 5.17) only the old object is loaded; threads are of 5.18. */
static bool is_for(const char *object, const char *kernel)
{
	bool old_kernel = strstr(kernel, "5.10");

	return !old_kernel || strstr(object, "cprof_old");
}

static void check_object(const char *path, const char *btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = btf);
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_map *map;
	unsigned before = programs;

	object_name = path;
	kernel_name = strrchr(btf, '/') ? strrchr(btf, '/') + 1 : btf;
	is_old_object = strstr(path, "cprof_old");
	object = bpf_object__open_file(path, &opts);
	if (!object) {
		fail("object", "cannot be opened: %s", strerror(errno));
		return;
	}
	bpf_object__for_each_program(program, object) bpf_program__set_autoload(program, true);
	map = bpf_object__find_map_by_name(object, "store_arena");
	if (map) /* newer libbpf wants to map it */
		bpf_map__set_autocreate(map, false);
	loading = true;
	if (bpf_object__load(object))
		fail("object", "cannot be relocated");
	loading = false;
	bpf_object__close(object);
	if (programs == before)
		fail("object", "no program was seen");
}

int main(int argc, char **argv)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		puts("skipped: this kernel has no type information to find tracepoints in");
		return 77;
	}
	libbpf_set_print(say);
	for (int i = 1; i < argc; i++)
		for (int k = 1; k < argc; k++)
			if (strstr(argv[i], ".bpf.o") && strstr(argv[k], ".btf") &&
			    is_for(argv[i], argv[k]))
				check_object(argv[i], argv[k]);
	printf("%u programs, %u faults\n", programs, failures);
	return failures || !programs;
}
