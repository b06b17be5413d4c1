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
	/* A dense region grows by this part of itself, and never by more than
	 * what an engine may wait for between two messages. */
	DENSE_SHARE = 32,
	DENSE_MAX = 512 * 1024,
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
	r->usable = r->open = 0;
	p = mmap(NULL, r->reserved, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		fatal("reserving %zu bytes of addresses", r->reserved);
	r->base = p;
	r->dense = false;
}

void
region_init_dense(struct region *r, size_t max)
{
	region_init(r, max);
	r->dense = true;
}

/* What a step of a region that has `size` bytes comes to. */
static size_t
step_end(const struct region *r, size_t size, size_t step, size_t max)
{
	if (step < STEP_MIN)
		step = STEP_MIN;
	else if (step > max)
		step = max;
	size = round_up(size + step, STEP_MIN);
	return size < r->reserved ? size : r->reserved;
}

void
region_fini(struct region *r)
{
	if (r->base != NULL)
		munmap(r->base, r->reserved);
	memset(r, 0, sizeof(*r));
}

/* Let the kernel allow access to `size` bytes at least. */
static void
region_open(struct region *r, size_t size)
{
	size_t was = r->open, end = step_end(r, was, was, STEP_MAX), huge;

	if (end < size)
		end = round_up(size, STEP_MIN);
	if (mprotect(r->base + was, end - was, PROT_READ | PROT_WRITE) == -1)
		fatal("opening %zu bytes", end - was);
	if (end > HUGE_FROM) {
		huge = was > HUGE_FROM ? was : HUGE_FROM;
		/* A kernel without them is no error. */
		(void)madvise(r->base + huge, end - huge, MADV_HUGEPAGE);
	}
	r->open = end;
}

void
region_grow(struct region *r, size_t size)
{
	size_t was = r->usable;

	if (size <= was)
		return;
	if (size > r->reserved)
		fatalx("%s: %zu bytes of %zu", __func__, size, r->reserved);
	if (size > r->open)
		region_open(r, size);
	if (!r->dense) {
		r->usable = r->open;
		return;
	}
	r->usable = step_end(r, was, was / DENSE_SHARE, DENSE_MAX);
	if (r->usable < size || r->usable > r->open)
		r->usable = r->open;
	/* The first step is not worth it; an older kernel is no error. */
	if (was > 0)
		(void)madvise(r->base + was, r->usable - was,
		    MADV_POPULATE_WRITE);
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
	region_init_dense(&s->region, ((size_t)max + 1) * size);
	/* Handle 0 is readable: "none" looks like an unused object. */
	region_grow(&s->region, size);
	s->ready = s->next;
}

void
slab_fini(struct slab *s)
{
	region_fini(&s->region);
	memset(s, 0, sizeof(*s));
}

void
slab_more(struct slab *s)
{
	size_t n;

	if (s->next > s->max)
		fatalx("%s: more than %u objects", __func__, s->max);
	region_need(&s->region, ((size_t)s->next + 1) * s->size);
	n = s->region.usable / s->size;
	s->ready = n > s->max ? s->max + 1 : (uint32_t)n;
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
