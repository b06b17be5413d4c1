/* SPDX-License-Identifier: ISC */
/*
 * UPDATEs that were looked at and found good.  A daemon says the same to many
 * receivers: octet for octet the same message means the same prefixes and the
 * same path, and has not to be looked at again.
 */
#ifndef REGRESS_BENCH_SAME_H
#define REGRESS_BENCH_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct same;

/* What a message says: numbers of prefixes, first those that go. */
struct said {
	const uint32_t *ids;
	uint32_t ngone, n; /* of n ids the first ngone */
	uint32_t cls; /* of the path of the others */
	uint32_t max; /* the greatest number */
};

struct same *same_new(void);
void same_free(struct same *);
/* Where a receiver stands: it mostly gets messages in the order in which
 * another one got them.  Zero at first. */
struct same_hint {
	uint32_t at, epoch;
};
/* False if the message is not known; ids are valid until the next call. */
bool same_find(const struct same *, struct same_hint *, const uint8_t *, size_t,
    struct said *);
/* It was not known. */
void same_add(struct same *, const uint8_t *, size_t, const struct said *);

#endif
