/* SPDX-License-Identifier: ISC */
/*
 * rde: the routing engine of the suite.  It parses UPDATEs, holds all
 * tables, chooses, and writes the UPDATEs that go out; it has no network and
 * opens nothing, what it knows of the world comes through its channels.
 */
#include <event2/event.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/proc.h"

#include "rde/shell.h"

int
main(int argc, char **argv)
{
	struct event_base *base;
	struct shell *sh;
	int status;
	int fd;

	fd = proc_child_init(PROC_RDE, argc, argv, 0);
	base = loop_new(SHELL_PRIO__MAX, false);
	sh = shell_new(base, fd);
	if (event_base_dispatch(base) == -1)
		fatalx("the event loop failed");
	status = sh->status;
	shell_free(sh);
	event_base_free(base);
	libevent_global_shutdown();
	return status;
}
