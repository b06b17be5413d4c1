/* SPDX-License-Identifier: ISC */
/*
 * One question, one answer, one reply.
 */
#include "apid/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apid/pbw.h"
#include "common/chan.h"
#include "common/xmalloc.h"

static struct ask *
of_req(struct req *req)
{
	return (struct ask *)(void *)((char *)req - offsetof(struct ask, req));
}

static void
ask_free(struct ask *ask)
{
	wr_free(&ask->parts);
	free(ask);
}

static void
on_msg(struct req *req, const struct msg *msg)
{
	struct ask *ask = of_req(req);

	if (ask->kind->answer_part != 0 &&
	    msg->hdr.type == ask->kind->answer_part) {
		wr_copy(&ask->parts, msg->data, msg->hdr.len);
		return;
	}
	if (msg->hdr.type != ask->kind->answer ||
	    ask->kind->on_answer(ask, msg) == -1) {
		apid_broken(ask->apid, ask->kind->to,
		    msg_rules[msg->hdr.type].name);
		return; /* on_lost has freed the ask */
	}
	req_close(&ask->apid->reqs, &ask->req);
	ask_free(ask);
}

static void
on_lost(struct req *req, const struct err *e)
{
	struct ask *ask = of_req(req);

	call_fail(ask->call, e);
	ask_free(ask);
}

static const struct req_ops req_ops = { on_msg, on_lost };

static void
on_cancel(void *ctx)
{
	struct ask *ask = ctx;

	if (ask->kind->close != 0)
		apid_tell(ask->apid, &ask->req, ask->kind->close, NULL, 0);
	req_close(&ask->apid->reqs, &ask->req);
	ask_free(ask);
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
	if (kind->answer_part != 0)
		wr_init_grow(&ask->parts,
		    (size_t)apid->conf->grpc_max_reply_bytes + MSG_MAX);
	(void)snprintf(ask->subject, sizeof(ask->subject), "%s", subject);
	if ((kind->part != 0 ?
		    apid_ask_long(apid, &ask->req, kind->to, kind->part,
			kind->question, wr, &req_ops, &e) :
		    apid_ask(apid, &ask->req, kind->to, kind->question, wr,
			&req_ops, true, &e)) == -1) {
		ask_free(ask);
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

/* Every response to a change has the same two members. */
static int
on_edited(struct ask *ask, const struct msg *msg)
{
	struct pbw w = { 0 };
	int failed = ask_err(ask, msg);

	if (failed != 0)
		return failed == -1 ? -1 : 0;
	pbw_uint(&w, 1, 1);
	pbw_bytes(&w, 2, ask->subject, strlen(ask->subject));
	call_reply_bytes(ask->call, w.base, w.len);
	pbw_free(&w);
	return 0;
}

static const struct ask_kind edit_kind = {
	.to = PROC_BGPD,
	.part = MSG_CONF_EDIT_PART,
	.question = MSG_CONF_EDIT,
	.answer = MSG_CONF_EDIT_DONE,
	.on_answer = on_edited,
};

void
ask_edit(struct apid *apid, struct call *call, const struct conf_edit *edit,
    const char *message)
{
	struct wr wr;

	wr_init_grow(&wr, CONF_EDIT_MAX);
	msg_conf_edit_put(&wr, edit);
	ask_start(apid, call, &edit_kind, &wr, message);
	wr_free(&wr);
}
