/* SPDX-License-Identifier: ISC */
/*
 * One question, one answer, one reply.
 */
#include "apid/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/chan.h"
#include "common/xmalloc.h"

static struct ask *
of_req(struct req *req)
{
	return (struct ask *)(void *)((char *)req - offsetof(struct ask, req));
}

static void
on_msg(struct req *req, const struct msg *msg)
{
	struct ask *ask = of_req(req);

	if (msg->hdr.type != ask->kind->answer ||
	    ask->kind->on_answer(ask, msg) == -1) {
		apid_broken(ask->apid, ask->kind->to,
		    msg_rules[msg->hdr.type].name);
		return; /* on_lost has freed the ask */
	}
	req_close(&ask->apid->reqs, &ask->req);
	free(ask);
}

static void
on_lost(struct req *req, const struct err *e)
{
	struct ask *ask = of_req(req);

	call_fail(ask->call, e);
	free(ask);
}

static const struct req_ops req_ops = { on_msg, on_lost };

static void
on_cancel(void *ctx)
{
	struct ask *ask = ctx;

	req_close(&ask->apid->reqs, &ask->req);
	free(ask);
}

static const struct call_ops call_ops = { .on_cancel = on_cancel };

void
ask_start(struct apid *apid, struct call *call, const struct ask_kind *kind,
    const struct wr *wr, const char *subject)
{
	struct ask *ask = xcalloc(1, sizeof(*ask));
	struct err e;

	ask->apid = apid;
	ask->call = call;
	ask->kind = kind;
	(void)snprintf(ask->subject, sizeof(ask->subject), "%s", subject);
	if (apid_ask(apid, &ask->req, kind->to, kind->question, wr, &req_ops,
		true, &e) == -1) {
		free(ask);
		call_fail(call, &e);
		return;
	}
	call_set_ops(call, &call_ops, ask);
}

int
ask_err(struct ask *ask, const struct msg *msg)
{
	struct err e;
	struct rd rd;

	rd_init(&rd, msg->data, msg->hdr.len);
	err_get(&rd, &e);
	if (!rd_done(&rd))
		return -1;
	if (e.code == ERR_OK)
		return 0;
	call_fail(ask->call, &e);
	return 1;
}
