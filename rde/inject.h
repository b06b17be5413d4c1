/* SPDX-License-Identifier: ISC */
/*
 * Routes that the API adds and removes.  A batch is applied when it arrives
 * and answered at the end of the round, after the decision ran and what it
 * changed was handed to the packer: who has the answer sees its effect.
 */
#ifndef RDE_INJECT_H
#define RDE_INJECT_H

#include <stddef.h>
#include <stdint.h>

#include "common/compat.h"

struct err;
struct inject;
struct shell;

struct inject_answer {
	uint32_t id;
	uint8_t *data;
	size_t len;
};

struct injections {
	/* Batches of this round; as many as apid sent in it. */
	struct inject_answer *answers;
	size_t n, max;
};

void inject_init(struct injections *);
void inject_fini(struct injections *);

/* INJECT; -1: apid broke the rules (then nothing of it was applied). */
int
inject_batch(struct shell *, uint32_t id, const uint8_t *, size_t) ATTR_CHECK;
/* Apply one edit; 0, or -1 with the reason in `e`. */
int inject_edit(struct shell *, const struct inject *, struct err *e);
/* End of a round: the answers go out. */
void inject_answer(struct shell *);
/* apid is gone: nobody waits for answers. */
void inject_forget(struct shell *);

#endif
