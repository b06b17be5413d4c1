/* SPDX-License-Identifier: ISC */
/*
 * Monotonic time as a type of its own, so that the compiler refuses seconds
 * where microseconds are meant.
 */
#ifndef COMMON_MONO_H
#define COMMON_MONO_H

#include <stdbool.h>
#include <stdint.h>

struct mono {
	int64_t us; /* microseconds since an arbitrary start */
};

#define MONO_NEVER ((struct mono){ INT64_MAX })

struct mono mono_now(void); /* CLOCK_MONOTONIC */
/* Processor time that the calling thread has used, in microseconds. */
int64_t mono_cpu_us(void);

static inline struct mono
mono_add_ms(struct mono t, int64_t ms)
{
	t.us += ms * 1000;
	return t;
}

static inline int64_t
mono_diff_us(struct mono later, struct mono earlier)
{
	return later.us - earlier.us;
}

static inline int64_t
mono_diff_ms(struct mono later, struct mono earlier)
{
	return (later.us - earlier.us) / 1000;
}

static inline bool
mono_reached(struct mono now, struct mono deadline)
{
	return now.us >= deadline.us;
}

#endif
