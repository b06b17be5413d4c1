/* SPDX-License-Identifier: ISC */
/*
 * Keyed hash for tables whose keys are chosen by remote peers.  The key is
 * random, secret and drawn once a process, so nobody outside can prepare
 * collisions.
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Draw the process's key; called once at start, before the chroot. */
void hash_init(void);
/* 64-bit keyed hash of len bytes, 16 bytes a step. */
uint64_t hash_bytes(const void *, size_t len);
uint64_t hash_u64(uint64_t);

#endif
