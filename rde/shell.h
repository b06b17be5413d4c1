/* SPDX-License-Identifier: ISC */
/*
 * The rde process around the route engine (rde.h): channels, time, the
 * configuration, listings.  One object, made by main() and passed down; the
 * engine itself knows nothing of it.
 */
#ifndef RDE_SHELL_H
#define RDE_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/msg_conf.h"

#include "rde/bmp.h"
#include "rde/conf.h"
#include "rde/inject.h"
#include "rde/policy_query.h"
#include "rde/query.h"
#include "rde/rde.h"
#include "rde/sched.h"
#include "rde/session.h"
#include "rde/walk.h"

struct chan;
struct event;
struct event_base;

enum shell_prio {
	SHELL_PRIO_LINK, /* channels, timers */
	SHELL_PRIO_ROUTES, /* route work that did not end in its round */
	SHELL_PRIO_WALKS,
	SHELL_PRIO__MAX
};

enum { SHELL_INCARNATION = 1 }; /* grows when a later rde takes over */

struct shell {
	struct event_base *base;
	struct rde *rde;
	struct chan *bgpd; /* NULL after its end */
	struct chan *sessiond; /* NULL before LINK and after its end */
	struct chan *apid; /* NULL while there is none */
	struct conf_state conf;
	struct sched sched;
	struct event *counts; /* counts.h */
	struct session_list sessions;
	struct session_list late; /* sessions with UPDATEs to be handled */
	size_t rx_piece; /* bytes of UPDATEs between looks at the clock */
	struct walks walks;
	struct queries queries;
	struct injections injections;
	struct policy_queries policy_queries;
	struct bmp bmp;
	bool stopping;
	int status; /* exit status */
};

/* Make the process's object; takes fd, the channel to bgpd. */
struct shell *shell_new(struct event_base *, int fd);
void shell_free(struct shell *);
/* End the main loop; the first status other than 0 stays. */
void shell_stop(struct shell *, int status);

#endif
