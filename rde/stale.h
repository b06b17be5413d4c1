/* SPDX-License-Identifier: ISC */
/*
 * Graceful restart, the helper's side (RFC 4724 4.2): how long routes of a
 * session that ended are kept.  The engine marks, keeps and sweeps them;
 * here is the time.
 *
 * The restart timer runs from the loss of the session; a session that comes
 * back winds it up once more, so that its table has time to arrive, and
 * End-of-RIB of all kept families stops it.
 */
#ifndef RDE_STALE_H
#define RDE_STALE_H

#include <stdint.h>

#include "common/afi.h"

struct session;

/* The session ended; `secs` is the restart time that the peer announced. */
void stale_start(struct session *, uint32_t secs);
/* The session is back. */
void stale_resumed(struct session *, uint32_t secs);
/* The peer sent End-of-RIB: what it did not send again is to go. */
void stale_end_of_rib(struct session *, enum family);
/* Nothing is kept any more, or the session object goes. */
void stale_stop(struct session *);

#endif
