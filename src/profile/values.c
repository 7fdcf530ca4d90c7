/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the columns of a profile's values are. */
#include "profile/values.h"

#include "base/mem.h"
#include "base/str.h"

struct value_row {
	const char *type, *unit;
	enum value_kind kind;
	const char *counts, *noun;
	bool folds_to_counts;
};

enum folded { OWN, COUNTS };

static const struct value_row rows[] = {
#define VALUE(type, unit, kind, counts, noun, folded)                                              \
	{type, unit, VALUE_##kind, counts, noun, folded == COUNTS},
#include "profile/values.def"
#undef VALUE
};

static const char *values_type_of(const struct profile *p, uint32_t column)
{
	return profile_text(p, p->types[column].type);
}

static bool is_count(const struct profile *p, uint32_t column)
{
	return str_equal(profile_text(p, p->types[column].unit), "count");
}

static const struct value_row *row_of(const struct profile *p, uint32_t column)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_equal(rows[i].type, values_type_of(p, column)) &&
		    str_equal(rows[i].unit, profile_text(p, p->types[column].unit)))
			return &rows[i];
	return NULL;
}

/* Is it the number of samples of an event? */
static bool is_samples(const struct profile *p, uint32_t column)
{
	return is_count(p, column) && (str_equal(values_type_of(p, column), "samples") ||
				       str_ends(values_type_of(p, column), "_samples"));
}

static uint32_t column_of(const struct profile *p, const char *type)
{
	for (uint32_t i = 0; i < p->n_types; i++)
		if (str_equal(values_type_of(p, i), type) && is_count(p, i))
			return i;
	return NO_ID;
}

uint32_t value_counts(const struct profile *p, uint32_t column)
{
	const struct value_row *row = row_of(p, column);
	uint32_t counts = row ? column_of(p, row->counts) : NO_ID;

	if (is_samples(p, column))
		return column;
	/* An event's samples stand in front of it. */
	if (column && is_samples(p, column - 1))
		return column - 1;
	if (counts != NO_ID)
		return counts;
	/* Where nothing is known by name: the samples, if the file has any, or what is a count
	 * itself. */
	if (!row && is_samples(p, 0))
		return 0;
	return !row && is_count(p, column) ? column : NO_ID;
}

/* Do the counts not say which way the values go? */
static bool differs_in_sign(const struct profile *p, uint32_t column, uint32_t counts)
{
	for (size_t i = 0; i < p->n_samples; i++)
		if (p->values[i * p->n_types + column] < 0 &&
		    p->values[i * p->n_types + counts] >= 0)
			return true;
	return false;
}

uint32_t value_folded(const struct profile *p, uint32_t column)
{
	const struct value_row *row = row_of(p, column);
	uint32_t counts = value_counts(p, column);

	if (counts == NO_ID || !row || !row->folds_to_counts || differs_in_sign(p, column, counts))
		return column;
	return counts;
}

static const struct value_row *row_named(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_equal(rows[i].type, type))
			return &rows[i];
	return NULL;
}

enum value_kind value_kind(const char *type)
{
	const struct value_row *row = row_named(type);

	return row ? row->kind : VALUE_FLOW;
}

const char *value_unit(const char *type)
{
	const struct value_row *row = row_named(type);

	return row ? row->unit : "count";
}

uint32_t value_column(const struct profile *p, const char *type)
{
	for (uint32_t i = 0; i < p->n_types; i++)
		if (str_equal(values_type_of(p, i), type))
			return i;
	return NO_ID;
}

void value_show(struct profile *p, const char *type)
{
	uint32_t column = value_column(p, type);

	if (column != NO_ID)
		p->default_type = column;
}

uint32_t value_add(struct profile *p, const char *type)
{
	return profile_add_type(p, type, value_unit(type));
}

const char *value_noun(const struct profile *p, uint32_t column)
{
	const struct value_row *row = row_of(p, column);

	if (row)
		return row->noun;
	if (is_samples(p, column))
		return "samples";
	return is_count(p, column) ? values_type_of(p, column) : "";
}
