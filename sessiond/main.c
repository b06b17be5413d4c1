/* SPDX-License-Identifier: ISC */
/*
 * sessiond: TCP connections, framing, the state machine.  Started by bgpd.
 */
#include <event2/event.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/loop.h"
#include "common/proc.h"

#include "sessiond/sessiond.h"

int
main(int argc, char **argv)
{
	struct event_base *base;
	struct sessiond *sd;
	int status;
	int fd;

	fd = proc_child_init(PROC_SESSIOND, argc, argv, PROC_RAISE_FILES);
	/* Jitter shall differ between processes; it need not be secret. */
	srandom((unsigned int)getpid() ^ (unsigned int)mono_now().us);
	base = loop_new(PRIO__MAX, true);
	sd = sessiond_new(base, fd);
	event_base_dispatch(base);
	status = sd->exit_status;
	sessiond_free(sd);
	event_base_free(base);
	return status;
}
