/* SPDX-License-Identifier: ISC */
/*
 * Regions and slabs; see slab.h.
 *
 * The range is mapped without access and opened in steps, so that it costs
 * neither memory nor commit charge before it is used.  Steps double up to a
 * bound to keep the number of system calls small.
 */
#include "common/slab.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "common/log.h"

enum {
	STEP_MIN = 64 * 1024,
	STEP_MAX = 4 * 1024 * 1024,
	/* Behind this offset a region asks for huge pages: fewer faults and
	 * TLB misses for large tables, no waste in small ones. */
	HUGE_FROM = 16 * 1024 * 1024,
};

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

void
region_init(struct region *r, size_t max)
{
	void *p;

	r->reserved = round_up(max, STEP_MIN);
	r->usable = 0;
	p = mmap(NULL, r->reserved, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		fatal("reserving %zu bytes of addresses", r->reserved);
	r->base = p;
}

void
region_fini(struct region *r)
{
	if (r->base != NULL)
		munmap(r->base, r->reserved);
	memset(r, 0, sizeof(*r));
}

void
region_grow(struct region *r, size_t size)
{
	size_t step = r->usable;

	if (size <= r->usable)
		return;
	if (size > r->reserved)
		fatalx("%s: %zu bytes of %zu", __func__, size, r->reserved);
	if (step < STEP_MIN)
		step = STEP_MIN;
	else if (step > STEP_MAX)
		step = STEP_MAX;
	if (size < r->usable + step)
		size = r->usable + step;
	size = round_up(size, STEP_MIN);
	if (size > r->reserved)
		size = r->reserved;
	if (mprotect(r->base + r->usable, size - r->usable,
		PROT_READ | PROT_WRITE) == -1)
		fatal("opening %zu bytes", size - r->usable);
	if (size > HUGE_FROM) {
		step = r->usable > HUGE_FROM ? r->usable : HUGE_FROM;
		/* A kernel without them is no error. */
		(void)madvise(r->base + step, size - step, MADV_HUGEPAGE);
	}
	r->usable = size;
}

void
region_discard(struct region *r, size_t keep)
{
	keep = round_up(keep, STEP_MIN);
	if (keep < r->usable &&
	    madvise(r->base + keep, r->usable - keep, MADV_DONTNEED) == -1)
		fatal("giving %zu bytes back", r->usable - keep);
}

void
slab_init(struct slab *s, size_t size, uint32_t max)
{
	memset(s, 0, sizeof(*s));
	s->size = (uint32_t)size;
	s->max = max;
	s->next = 1;
	region_init(&s->region, ((size_t)max + 1) * size);
	/* Handle 0 is readable: "none" looks like an unused object. */
	region_grow(&s->region, size);
}

void
slab_fini(struct slab *s)
{
	region_fini(&s->region);
	memset(s, 0, sizeof(*s));
}

uint32_t
slab_alloc(struct slab *s)
{
	uint32_t handle = s->free;

	if (handle != 0) {
		memcpy(&s->free, slab_at(s, handle), sizeof(s->free));
	} else {
		if (s->next > s->max)
			fatalx("%s: more than %u objects", __func__, s->max);
		handle = s->next++;
		region_need(&s->region, (size_t)s->next * s->size);
	}
	s->live++;
	return handle;
}

void
slab_release(struct slab *s, uint32_t handle)
{
	if (handle == 0 || handle >= s->next || s->live == 0)
		fatalx("%s: handle %u", __func__, handle);
	memcpy(slab_at(s, handle), &s->free, sizeof(s->free));
	s->free = handle;
	s->live--;
}

void
slab_trim(struct slab *s)
{
	size_t used = (size_t)s->next * s->size;

	if (s->live != 0 || s->next == 1)
		return;
	/* What stays mapped must read as never used, too. */
	memset(s->region.base, 0, used < STEP_MIN ? used : STEP_MIN);
	if (used > STEP_MIN)
		region_discard(&s->region, STEP_MIN);
	s->next = 1;
	s->free = 0;
}

size_t
slab_bytes(const struct slab *s)
{
	return (size_t)s->next * s->size;
}
