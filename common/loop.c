/* SPDX-License-Identifier: ISC */
/* Event loops; see loop.h. */
#include "common/loop.h"

#include <event2/event.h>
#include <limits.h>
#include <stddef.h>
#include <sys/time.h>

#include "common/log.h"

struct event_base *
loop_new(int n, bool precise)
{
	const struct timeval turn = { 0, LOOP_TURN_US };
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	if (cfg == NULL ||
	    event_config_set_max_dispatch_interval(cfg, &turn, INT_MAX, 0) ==
		-1)
		fatalx("no configuration of the event loop");
	if (precise)
		event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(cfg);
	if (base == NULL || event_base_priority_init(base, n) == -1)
		fatalx("no event loop");
	event_config_free(cfg);
	return base;
}
