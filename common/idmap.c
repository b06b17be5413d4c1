/* SPDX-License-Identifier: ISC */
/*
 * used: one bit a number, relative to first.  full: one bit a word of used
 * that has no zero left.  Both grow together, by doubling, up to the last
 * number; bits past it are set from the start so that they are never found.
 */
#include "common/idmap.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"

#define WORD 64u

struct idmap {
	uint64_t *used;
	uint64_t *full;
	uint32_t words; /* of used */
	uint32_t first;
	uint32_t size; /* numbers in all */
	uint32_t count;
};

static uint32_t
full_words(uint32_t words)
{
	return (words + WORD - 1) / WORD;
}

/* Extend the maps to `words` words of numbers. */
static void
grow(struct idmap *m, uint32_t words)
{
	uint32_t had;
	uint32_t i;

	had = full_words(m->words);
	m->used = xreallocarray(m->used, words, sizeof(*m->used));
	m->full = xreallocarray(m->full, full_words(words), sizeof(*m->full));
	memset(m->used + m->words, 0, (words - m->words) * sizeof(*m->used));
	for (i = had; i < full_words(words); i++)
		m->full[i] = 0;
	m->words = words;
	if ((uint64_t)words * WORD > m->size && m->size % WORD != 0)
		m->used[words - 1] = ~UINT64_C(0) << (m->size % WORD);
}

struct idmap *
idmap_new(uint32_t first, uint32_t last)
{
	struct idmap *m;

	if (last < first || last == UINT32_MAX)
		fatalx("%s: range", __func__);
	m = xcalloc(1, sizeof(*m));
	m->first = first;
	m->size = last - first + 1;
	return m;
}

void
idmap_free(struct idmap *m)
{
	if (m == NULL)
		return;
	free(m->used);
	free(m->full);
	free(m);
}

/* The first word with a free number, m->words if there is none. */
static uint32_t
find_word(const struct idmap *m)
{
	uint32_t i;
	uint32_t w;

	for (i = 0; i < full_words(m->words); i++) {
		if (~m->full[i] == 0)
			continue;
		w = i * WORD + (uint32_t)__builtin_ctzll(~m->full[i]);
		return w < m->words ? w : m->words;
	}
	return m->words;
}

int
idmap_take(struct idmap *m, uint32_t *id)
{
	uint32_t max;
	uint32_t w;
	uint32_t bit;

	max = m->size / WORD + (m->size % WORD != 0);
	w = find_word(m);
	if (w == m->words) {
		if (m->words == max)
			return -1;
		grow(m,
		    m->words == 0          ? 1 :
			m->words > max / 2 ? max :
					     m->words * 2);
	}
	bit = (uint32_t)__builtin_ctzll(~m->used[w]);
	m->used[w] |= UINT64_C(1) << bit;
	if (~m->used[w] == 0)
		m->full[w / WORD] |= UINT64_C(1) << (w % WORD);
	m->count++;
	*id = m->first + w * WORD + bit;
	return 0;
}

bool
idmap_has(const struct idmap *m, uint32_t id)
{
	uint32_t n;

	n = id - m->first;
	if (id < m->first || n >= m->size || n / WORD >= m->words)
		return false;
	return (m->used[n / WORD] >> (n % WORD) & 1) != 0;
}

void
idmap_give(struct idmap *m, uint32_t id)
{
	uint32_t n;

	if (!idmap_has(m, id))
		fatalx("%s: %u is free", __func__, id);
	n = id - m->first;
	m->used[n / WORD] &= ~(UINT64_C(1) << (n % WORD));
	m->full[n / WORD / WORD] &= ~(UINT64_C(1) << (n / WORD % WORD));
	m->count--;
}

uint32_t
idmap_count(const struct idmap *m)
{
	return m->count;
}
