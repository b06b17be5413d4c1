/* SPDX-License-Identifier: ISC */
/*
 * sessiond: TCP connections, framing, the state machine.  Started by bgpd.
 */
#include <event2/event.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/proc.h"

#include "sessiond/sessiond.h"

int
main(int argc, char **argv)
{
	struct event_config *cfg;
	struct event_base *base;
	struct sessiond *sd;
	int status;
	int fd;

	fd = proc_child_init(PROC_SESSIOND, argc, argv, PROC_RAISE_FILES);
	/* Jitter shall differ between processes; it need not be secret. */
	srandom((unsigned int)getpid() ^ (unsigned int)mono_now().us);
	cfg = event_config_new();
	if (cfg == NULL)
		fatalx("event_config_new");
	event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(cfg);
	if (base == NULL || event_base_priority_init(base, PRIO__MAX) != 0)
		fatalx("no event loop");
	event_config_free(cfg);
	sd = sessiond_new(base, fd);
	event_base_dispatch(base);
	status = sd->exit_status;
	sessiond_free(sd);
	event_base_free(base);
	return status;
}
