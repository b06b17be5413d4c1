/* SPDX-License-Identifier: ISC */
/*
 * An allocator for protobuf-c whose objects all go at once: for messages
 * that are parsed, used and dropped one after the other in great number.
 */
#ifndef APID_ARENA_H
#define APID_ARENA_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct arena_chunk;

struct arena {
	ProtobufCAllocator allocator; /* for protobuf_c_message_unpack */
	struct arena_chunk *chunks; /* the newest first */
	size_t used; /* of the newest */
};

void arena_init(struct arena *);
void arena_fini(struct arena *);
/* Drop every object; one chunk stays for the next. */
void arena_reset(struct arena *);

#endif
