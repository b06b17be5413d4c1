/* SPDX-License-Identifier: ISC */
/* Making and unmaking of the process's object. */
#include "rde/shell.h"

#include <event2/event.h>
#include <stdlib.h>

#include "common/xmalloc.h"

#include "rde/counts.h"
#include "rde/link.h"
#include "rde/stats.h"

struct shell *
shell_new(struct event_base *base, int fd)
{
	struct shell *sh;

	sh = xcalloc(1, sizeof(*sh));
	sh->base = base;
	TAILQ_INIT(&sh->sessions);
	TAILQ_INIT(&sh->late);
	sh->rx_piece = SESSION_PIECE_FIRST;
	sh->rde = rde_new(&session_ops, sh);
	conf_init(&sh->conf);
	walks_init(&sh->walks, base, SHELL_PRIO_WALKS);
	sched_init(sh);
	counts_init(sh);
	query_init(&sh->queries);
	inject_init(&sh->injections);
	policy_queries_init(&sh->policy_queries);
	bmp_init(&sh->bmp);
	link_start(sh, fd);
	return sh;
}

void
shell_free(struct shell *sh)
{
	if (sh == NULL)
		return;
	stats_log(sh);
	sh->stopping = true;
	link_stop(sh);
	session_lost_all(sh);
	bmp_fini(sh);
	inject_fini(&sh->injections);
	query_fini(&sh->queries);
	sched_fini(sh);
	counts_fini(sh);
	walks_fini(&sh->walks);
	conf_fini(&sh->conf);
	rde_free(sh->rde);
	free(sh);
}

void
shell_stop(struct shell *sh, int status)
{
	sh->stopping = true;
	if (sh->status == 0)
		sh->status = status;
	event_base_loopbreak(sh->base);
}
