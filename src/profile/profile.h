/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile: the hub of cprof. collect/ fills it, symbolize/ names it, everything else reads it.
 *
 * Shape: strings, frames, stacks (a trie of frames), mappings, label sets and samples, each an
 *        array with dense ids, but for stacks, which have gaps. A sample is (stack, label set)
 *        with one value per sample type; equal pairs are added up.
 * Units: values are in the unit of their sample type; times are nanoseconds.
 * Owner: profile_release() frees everything.
 * Source: pprof's profile.proto, which is the file format; src/format/ converts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "profile/account.h"
#include "profile/stacks.h"
#include "profile/strings.h"

typedef uint32_t frame_id;
typedef uint32_t mapping_id;
typedef uint32_t labels_id;

enum frame_kind {
	FRAME_USER,
	FRAME_KERNEL,
	FRAME_JIT,  /* generated or interpreted code */
	FRAME_NOTE, /* what cprof says in the place of frames: [truncated: ...] */
	N_FRAME_KINDS,
};

struct frame {
	string_id function;    /* as shown; 0 until named */
	string_id system_name; /* as in the symbol table (mangled) */
	string_id file;
	mapping_id mapping; /* NO_ID: none */
	uint64_t address;   /* within the mapping's start and limit */
	uint64_t position;  /* in an interpreted language, of the instruction in its code object */
	uint32_t line;
	uint32_t start_line;
	frame_id inner; /* what is inlined here, of which stacks hold the outermost only; NO_ID:
			   none */
	uint8_t kind;   /* enum frame_kind */
	bool inlined;   /* it is the `inner` of another frame, at the same address */
	bool named;     /* `function` is a name, not a placeholder such as [libfoo.so+0x1234] */
	bool is_cut;    /* what was inlined here is left out, as its file wants (drop_frames) */
};

struct mapping {
	string_id filename;
	string_id build_id; /* hexadecimal, 0 when unknown */
	uint64_t start;
	uint64_t limit;
	uint64_t offset; /* in the file, of `start` */
	bool has_functions, has_filenames, has_lines, has_inlines;
	uint32_t owner; /* whose file it is, plus one; 0: not known */
};

struct label {
	string_id key;
	string_id text; /* 0: a number */
	int64_t number;
	string_id unit;
};

struct label_set {
	uint32_t first; /* in profile.labels */
	uint32_t n;
};

struct sample {
	stack_id stack; /* NO_ID: no frames */
	labels_id labels;
};

struct value_type {
	string_id type;
	string_id unit;
};

enum { MAX_VALUE_TYPES = 256 };

/* The label that says when a sample fell: the end of its block of time, in nanoseconds since 1970.
 */
#define TIMELINE_KEY "end_timestamp_ns"

struct profile {
	struct strings strings;
	struct frame *frames;
	size_t n_frames, cap_frames;
	struct map frame_map;
	struct stacks stacks;
	struct mapping *mappings;
	size_t n_mappings, cap_mappings;
	struct label *labels;
	size_t n_labels, cap_labels;
	struct label_set *label_sets;
	size_t n_label_sets, cap_label_sets;
	struct map label_map;
	struct sample *samples;
	int64_t *values; /* n_samples x n_types */
	size_t n_samples, cap_samples, cap_values;
	struct map sample_map;
	size_t n_mapped; /* samples that are in sample_map; those behind are in the order of stacks
			  */
	struct value_type types[MAX_VALUE_TYPES];
	size_t n_types;
	size_t default_type; /* the column that is shown when none is named */
	struct value_type period_type;
	int64_t period;
	int64_t time_ns; /* since 1970 */
	int64_t duration_ns;
	/* Expressions of a pprof file: which frames were left out of its stacks. 0: none. */
	string_id drop_frames, keep_frames;
	string_id *comments;
	size_t n_comments, cap_comments;
	uid_t owner;            /* whose file it was read from; of one that we make we are it */
	bool trusted;           /* what it names is opened with our own rights */
	struct account account; /* meaningful while recording; saved as comments */
};

void profile_init(struct profile *p);
void profile_release(struct profile *p);

/* Adds a value column, in which samples that are there have 0; NO_ID when there are
 * MAX_VALUE_TYPES.
 */
uint32_t profile_add_type(struct profile *p, const char *type, const char *unit);
mapping_id profile_add_mapping(struct profile *p, const struct mapping *m);
/* With whose rights a path is opened that code of the mapping (NO_ID: unknown) is said to be from:
 * its file's owner said so, and who wrote the profile may have. */
uid_t profile_named_by(const struct profile *p, mapping_id mapping);
/* The frame equal to `f` in every field that tells frames apart; made when it is new. */
frame_id profile_add_frame(struct profile *p, const struct frame *f);
/* A frame and what is inlined in it, outermost first, for the caller to free. Returns how many.
 * frame.inner is of a lower number in no file's order, so the chain is walked to its end. */
size_t profile_inlined(const struct profile *p, frame_id id, frame_id **ret);
/* A frame of kind FRAME_NOTE with this text. */
frame_id profile_add_note(struct profile *p, const char *text);
/* The name of a process or thread, at most `n` bytes, for a label; one without has its number for a
 * name. */
string_id profile_task_name(struct profile *p, const char *name, size_t n, int64_t number);
labels_id profile_add_labels(struct profile *p, const struct label *labels, size_t n);
/* Adds to the values of (stack, labels); `values` has n_types elements. */
void profile_add_sample(struct profile *p, stack_id stack, labels_id labels, const int64_t *values);
/* The weight of every stack: the first value of its samples and of those above it. `weights` holds
 * stacks.n zeros. */
void profile_stack_weights(const struct profile *p, int64_t *weights);
void profile_add_comment(struct profile *p, const char *text);
void profile_add_comment_id(struct profile *p, string_id text);
/* Adds the account as comments: its line, and the first reasons of each kind. */
void profile_add_account(struct profile *p);

/* The label with that key, or NULL. */
const struct label *profile_label(const struct profile *p, labels_id labels, string_id key);

/* A text as it can be shown. */
static inline const char *profile_text(const struct profile *p, string_id id)
{
	return strings_plain(&p->strings, id);
}
/* A text as it came: to open a file by, or to be kept; never to be shown. */
static inline const char *profile_raw(const struct profile *p, string_id id)
{
	return strings_get(&p->strings, id);
}
/* "[libfoo.so+0x1234]" (heap): what stands for a name that was not found. */
char *frame_placeholder(const char *module, uint64_t offset);
bool name_is_placeholder(const char *name);
/* Where in its module's file the code of a frame lies. */
uint64_t frame_offset(const struct profile *p, const struct frame *f);
/* What its mapping, address and name say that a frame of a file's is. */
enum frame_kind frame_kind_of(const struct profile *p, const struct frame *f);
/* File name without its folders, of the frame's mapping; "" when there is none. */
const char *profile_module(const struct profile *p, const struct frame *f);
