/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording written down. */
#include "replay/log.h"

#include "maps/image.h"

#include "base/mem.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const side_kinds[] = {"map",  "exec",     "fork",       "exit",
					 "lost", "throttle", "unthrottle", "ksymbol"};

enum { MAX_WORDS = 4096 };

/* -- writing -- */

static void put(FILE *f, const char *name, uint64_t value)
{
	if (value)
		fprintf(f, " %s=%" PRIx64, name, value);
}

/* Zeroes, of which a stack has many, as "*N". */
static void put_words(FILE *f, const char *name, const uint64_t *words, size_t n)
{
	if (!n)
		return;
	fprintf(f, " %s=", name);
	for (size_t i = 0; i < n;) {
		size_t zeroes = 0;

		while (i + zeroes < n && !words[i + zeroes])
			zeroes++;
		if (zeroes)
			fprintf(f, "%s*%zx", i ? "," : "", zeroes);
		else
			fprintf(f, "%s%" PRIx64, i ? "," : "", words[i]);
		i += zeroes ? zeroes : 1;
	}
}

/* The last folder of the stored programs is theirs wherever they were recorded. */
static const char *short_path(const char *path)
{
	const char *at = strstr(path, "/data/replay/");

	return at ? at + strlen("/data/replay") : NULL;
}

static void put_path(FILE *f, const char *path)
{
	const char *stored = short_path(path), *slash = strrchr(path, '/');

	if (stored)
		fprintf(f, " path=@%s", stored);
	else /* where files of others lay is nobody's business */
		fprintf(f, " path=%s%s", *path == '/' ? "/elsewhere" : "", slash ? slash : path);
}

void log_side(FILE *f, const struct side_record *r)
{
	fputs(side_kinds[r->type], f);
	put(f, "time", r->time_ns);
	put(f, "cpu", (uint64_t)r->cpu);
	put(f, "pid", (uint64_t)r->pid);
	put(f, "tid", (uint64_t)r->tid);
	put(f, "parent", (uint64_t)r->parent);
	put(f, "start", r->start);
	put(f, "len", r->len);
	put(f, "offset", r->offset);
	put(f, "lost", r->lost);
	if (r->type == SIDE_MAP || r->type == SIDE_KSYMBOL)
		put_path(f, r->path);
	fputc('\n', f);
}

static void put_head(FILE *f, const struct stack_record *h)
{
	put(f, "time", h->time_ns);
	put(f, "tgid", h->tgid);
	put(f, "id", h->id);
	put(f, "end", h->end);
	put(f, "version", h->version);
	put(f, "serial", h->serial);
	put(f, "cfa", h->cfa);
	put(f, "fp", h->fp);
	put(f, "top", h->top);
}

void log_stack(FILE *f, const void *record)
{
	const struct stack_record *h = record;
	const struct capture_record *c = record;
	const struct piece_record *p = record;
	const uint64_t *words = (const uint64_t *)(h + 1);
	uint64_t copy[CAPTURE_PAGE / 8] = {0};

	switch (h->type) {
	case RECORD_USER_STACK:
	case RECORD_KERNEL_STACK:
		fputs(h->type == RECORD_USER_STACK ? "stack" : "kernel", f);
		put_head(f, h);
		put_words(f, "tail", words, h->n_tail);
		put_words(f, "frames", words + h->n_tail, h->n_frames);
		break;
	case RECORD_PIECE:
		fputs("piece", f);
		put(f, "capture", p->capture);
		put(f, "address", p->address);
		put(f, "bytes", p->bytes);
		memcpy(copy, p->data, MIN(p->bytes, (uint32_t)CAPTURE_PAGE));
		put_words(f, "data", copy, (p->bytes + 7) / 8);
		break;
	case RECORD_CAPTURE:
		fputs("capture", f);
		put_head(f, h);
		put(f, "exec", c->exec_id);
		put(f, "start", c->start_ns);
		put(f, "present", c->present);
		put(f, "return", c->is_return);
		put(f, "call", c->leaf_call);
		put_words(f, "registers", (const uint64_t *)c->registers, ARRAY_SIZE(c->registers));
		break;
	default:
		return;
	}
	fputc('\n', f);
}

void log_count(FILE *f, const struct count_key *key, const struct count_value *value)
{
	fputs("count", f);
	put(f, "user", key->user_stack);
	put(f, "kernel", key->kernel_stack);
	put(f, "start", key->start_ns);
	put(f, "tgid", key->tgid);
	put(f, "tid", key->tid);
	put(f, "event", key->event);
	put(f, "cpu", key->cpu);
	put(f, "block", key->block);
	put(f, "samples", value->samples);
	put(f, "value", value->value);
	fprintf(f, " process=%.16s thread=%.16s\n", key->process, key->thread);
}

void log_stats(FILE *f, const struct stats *s)
{
	fputs("stats", f);
	put(f, "taken", s->taken);
	put(f, "seen_full", s->seen_full);
	put_words(f, "drops", (const uint64_t *)s->drops, N_DROPS);
	fputc('\n', f);
}

void log_pmap(FILE *f, const struct pmap *m)
{
	if (!m->executable)
		return;
	fputs("pmap", f);
	put(f, "start", m->start);
	put(f, "end", m->end);
	put(f, "offset", m->offset);
	put_path(f, m->path);
	fputc('\n', f);
}

/* -- reading -- */

bool log_is(const char *line, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(line, kind, n) == 0 && (!line[n] || line[n] == ' ');
}

/* What follows " NAME="; NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = line; (at = strchr(at, ' '));) {
		at++;
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return at + n + 1;
	}
	return NULL;
}

uint64_t log_number(const char *line, const char *name)
{
	const char *value = value_of(line, name);

	return value ? strtoull(value, NULL, 16) : 0;
}

static size_t read_words(const char *line, const char *name, uint64_t *words)
{
	const char *at = value_of(line, name);
	size_t n = 0;

	while (at && *at && *at != ' ' && n < MAX_WORDS) {
		char *end;
		bool zeroes = *at == '*';
		uint64_t value = strtoull(at + zeroes, &end, 16);

		for (uint64_t i = 0; zeroes && i < value && n < MAX_WORDS; i++)
			words[n++] = 0;
		if (!zeroes)
			words[n++] = value;
		at = *end == ',' ? end + 1 : end;
	}
	return n;
}

/* A path reaches to the end of the line. */
static void read_path(const char *line, const char *folder, char *path)
{
	const char *at = value_of(line, "path");

	*path = '\0';
	if (!at)
		return;
	snprintf(path, 4096, "%s%s", *at == '@' ? folder : "", *at == '@' ? at + 1 : at);
	path[strcspn(path, "\n")] = '\0';
}

/* The stored programs have the numbers that they have here. */
static struct file_id file_here(const char *path)
{
	struct file_id id = {0};
	struct stat st;

	if (path[0] != '/' || stat(path, &st))
		return id;
	id.device = file_device(major(st.st_dev), minor(st.st_dev));
	id.inode = st.st_ino;
	return id;
}

struct side_record *log_read_side(const char *line, const char *folder, size_t *ret_bytes)
{
	struct side_record *r = mem_alloc(sizeof(*r) + 4096);
	size_t type = 0;

	while (type < ARRAY_SIZE(side_kinds) && !log_is(line, side_kinds[type]))
		type++;
	if (type == ARRAY_SIZE(side_kinds)) {
		free(r);
		return NULL;
	}
	r->type = (enum side_type)type;
	r->time_ns = log_number(line, "time");
	r->cpu = (int)log_number(line, "cpu");
	r->pid = (pid_t)log_number(line, "pid");
	r->tid = (pid_t)log_number(line, "tid");
	r->parent = (pid_t)log_number(line, "parent");
	r->start = log_number(line, "start");
	r->len = log_number(line, "len");
	r->offset = log_number(line, "offset");
	r->lost = log_number(line, "lost");
	read_path(line, folder, r->path);
	if (r->type == SIDE_MAP)
		r->file = file_here(r->path);
	*ret_bytes = sizeof(*r) + strlen(r->path) + 1;
	return r;
}

static void read_head(const char *line, struct stack_record *h)
{
	h->time_ns = log_number(line, "time");
	h->tgid = (uint32_t)log_number(line, "tgid");
	h->id = log_number(line, "id");
	h->end = (uint16_t)log_number(line, "end");
	h->version = (uint32_t)log_number(line, "version");
	h->serial = (uint32_t)log_number(line, "serial");
	h->cfa = log_number(line, "cfa");
	h->fp = log_number(line, "fp");
	h->top = log_number(line, "top");
}

void *log_read_stack(const char *line, size_t *ret_bytes)
{
	auto_free uint64_t *words = mem_array(2 * MAX_WORDS, sizeof(*words));
	struct stack_record *h;
	struct capture_record *c;
	struct piece_record *p;
	size_t n_tail, n;

	if (log_is(line, "piece")) {
		p = mem_alloc(*ret_bytes = sizeof(*p));
		p->type = RECORD_PIECE;
		p->bytes = (uint32_t)log_number(line, "bytes");
		p->capture = log_number(line, "capture");
		p->address = log_number(line, "address");
		n = read_words(line, "data", words);
		memcpy(p->data, words, MIN(n * 8, (size_t)CAPTURE_PAGE));
		return p;
	}
	if (log_is(line, "capture")) {
		c = mem_alloc(*ret_bytes = sizeof(*c));
		read_head(line, &c->head);
		c->head.type = RECORD_CAPTURE;
		c->exec_id = log_number(line, "exec");
		c->start_ns = log_number(line, "start");
		c->present = log_number(line, "present");
		c->is_return = (uint32_t)log_number(line, "return");
		c->leaf_call = (uint32_t)log_number(line, "call");
		n = read_words(line, "registers", words);
		memcpy(c->registers, words, MIN(n * 8, sizeof(c->registers)));
		return c;
	}
	if (!log_is(line, "stack") && !log_is(line, "kernel"))
		return NULL;
	n_tail = read_words(line, "tail", words);
	n = read_words(line, "frames", words + n_tail);
	h = mem_alloc(*ret_bytes = sizeof(*h) + (n_tail + n) * 8);
	read_head(line, h);
	h->type = log_is(line, "stack") ? RECORD_USER_STACK : RECORD_KERNEL_STACK;
	h->n_tail = (uint16_t)n_tail;
	h->n_frames = (uint32_t)n;
	memcpy(h + 1, words, (n_tail + n) * 8);
	return h;
}

static void read_name(const char *line, const char *name, char ret[16])
{
	const char *at = value_of(line, name);

	memset(ret, 0, 16);
	if (at)
		memcpy(ret, at, MIN(strcspn(at, " \n"), (size_t)15));
}

void log_read_count(const char *line, struct count_key *key, struct count_value *value)
{
	*key = (struct count_key){
		.user_stack = log_number(line, "user"),
		.kernel_stack = log_number(line, "kernel"),
		.start_ns = log_number(line, "start"),
		.tgid = (uint32_t)log_number(line, "tgid"),
		.tid = (uint32_t)log_number(line, "tid"),
		.event = (uint16_t)log_number(line, "event"),
		.cpu = (uint16_t)log_number(line, "cpu"),
		.block = (uint32_t)log_number(line, "block"),
	};
	read_name(line, "process", key->process);
	read_name(line, "thread", key->thread);
	*value = (struct count_value){.samples = log_number(line, "samples"),
				      .value = log_number(line, "value")};
}

void log_read_stats(const char *line, struct stats *s)
{
	uint64_t words[MAX_WORDS] = {0};

	*s = (struct stats){.taken = log_number(line, "taken"),
			    .seen_full = log_number(line, "seen_full")};
	for (size_t i = 0; i < MIN(read_words(line, "drops", words), (size_t)N_DROPS); i++)
		s->drops[i] = words[i];
}

void log_read_pmap(const char *line, const char *folder, struct pmap *m, char *path)
{
	struct file_id id;

	read_path(line, folder, path);
	id = file_here(path);
	*m = (struct pmap){.start = log_number(line, "start"),
			   .end = log_number(line, "end"),
			   .offset = log_number(line, "offset"),
			   .executable = true,
			   .major = (uint32_t)(id.device >> 32),
			   .minor = (uint32_t)id.device,
			   .inode = id.inode,
			   .path = path};
}
