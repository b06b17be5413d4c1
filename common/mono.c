/* SPDX-License-Identifier: ISC */
/* The monotonic clock. */
#include "common/mono.h"

#include <time.h>

struct mono
mono_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (
	    struct mono){ (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 };
}
