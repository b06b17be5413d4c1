/* SPDX-License-Identifier: ISC */
/* The monotonic clock, and that of the processor. */
#include "common/mono.h"

#include <time.h>

static int64_t
read_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct mono
mono_now(void)
{
	return (struct mono){ read_us(CLOCK_MONOTONIC) };
}

int64_t
mono_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}
