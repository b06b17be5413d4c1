/* SPDX-License-Identifier: ISC */
/*
 * Streams of UPDATEs for rde_micro, made by the load tool's generator.  The
 * generator shares no code with the suite and has names of its own, so this
 * is all of it that is seen.
 */
#ifndef REGRESS_BENCH_RDE_MICRO_LOAD_H
#define REGRESS_BENCH_RDE_MICRO_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct micro_stream {
	uint8_t *data;
	size_t len;
	uint32_t prefixes;
};

/*
 * Fill streams[senders] with a table of npfx prefixes in all, of afi 1 or 2;
 * `same`: every sender has every prefix.  `again`: prefixes that the first
 * sender announces once more with other attributes, into streams[senders].
 * mrt: a file to play instead.  Returns the prefixes, 0 on error.
 */
uint32_t micro_load(struct micro_stream *, unsigned senders, unsigned afi,
    uint32_t npfx, int same, uint32_t again, const char *mrt);

#endif
