/* SPDX-License-Identifier: ISC */
/*
 * Bump allocation for parsed messages.
 */
#include "apid/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/xmalloc.h"

enum { CHUNK = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(max_align_t) uint8_t data[];
};

static void
add_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;

	if (size < CHUNK)
		size = CHUNK;
	chunk = xmalloc(sizeof(*chunk) + size);
	chunk->size = size;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->used = 0;
}

static void *
arena_alloc(void *data, size_t size)
{
	struct arena *arena = data;
	const size_t align = _Alignof(max_align_t);
	void *p;

	/* Sizes come from a message of at most 4 MiB. */
	size = (size + align - 1) & ~(align - 1);
	if (arena->chunks == NULL || arena->chunks->size - arena->used < size)
		add_chunk(arena, size);
	p = arena->chunks->data + arena->used;
	arena->used += size;
	return p;
}

static void
arena_drop(void *data, void *p)
{
	(void)data;
	(void)p;
}

void
arena_init(struct arena *arena)
{
	arena->allocator.alloc = arena_alloc;
	arena->allocator.free = arena_drop;
	arena->allocator.allocator_data = arena;
	arena->chunks = NULL;
	arena->used = 0;
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *chunk;

	while (arena->chunks != NULL &&
	    (arena->chunks->next != NULL || arena->chunks->size > CHUNK)) {
		chunk = arena->chunks;
		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->used = 0;
}

void
arena_fini(struct arena *arena)
{
	arena_reset(arena);
	free(arena->chunks);
	arena->chunks = NULL;
}
