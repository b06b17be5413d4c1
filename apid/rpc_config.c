/* SPDX-License-Identifier: ISC */
/*
 * The configuration as a whole: bgpd is asked, and answers in the form of
 * common/msg_call.h.
 */
#include "apid/rpc.h"

#include <string.h>

#include "apid/ask.h"
#include "apid/pbw.h"
#include "common/chan.h"
#include "common/msg_call.h"
#include "proto/bgp.pb-c.h"
#include "proto/bgpgg/v1/config.pb-c.h"

/* The numbers of members that several replies have. */
enum {
	FIELD_OK = 1,
	FIELD_MESSAGE = 1001,
	FIELD_NOTES = 1002,
	FIELD_CHANGES = 1003,
};

static void
put_text(struct pbw *w, uint32_t number, const char *text)
{
	pbw_bytes(w, number, text, strlen(text));
}

static void
put_notes(struct pbw *w, uint32_t number, const struct conf_reply *p)
{
	uint32_t i;

	for (i = 0; i < p->n_notes; i++)
		put_text(w, number, p->notes[i]);
}

/* --- one for each kind of reply */

static void
put_written(struct pbw *w, const struct conf_reply *p)
{
	uint32_t i;

	pbw_uint(w, FIELD_OK, 1);
	put_text(w, FIELD_MESSAGE, p->message);
	put_notes(w, FIELD_NOTES, p);
	for (i = 0; i < p->changes.n; i++)
		put_text(w, FIELD_CHANGES, p->changes.list[i].text);
}

static void
put_running(struct pbw *w, const struct conf_reply *p)
{
	pbw_bytes(w, 1, p->text, p->text_len);
	put_notes(w, FIELD_NOTES, p);
}

static void
put_file(struct pbw *w, const struct conf_reply *p)
{
	pbw_bytes(w, 1, p->text, p->text_len);
	put_text(w, 2, p->message);
	put_notes(w, 3, p);
}

static void
put_snapshots(struct pbw *w, const struct conf_reply *p)
{
	struct pbw one = { 0 };
	uint32_t i;

	for (i = 0; i < p->n_versions; i++) {
		one.len = 0;
		pbw_uint(&one, 1, p->versions[i].index);
		pbw_uint(&one, 2, p->versions[i].mtime);
		pbw_uint(&one, 3, p->versions[i].size);
		pbw_bytes(w, 1, one.base, one.len);
	}
	pbw_free(&one);
}

static void
put_reload(struct pbw *w, const struct conf_reply *p)
{
	const struct conf_change *c;
	struct pbw one = { 0 };
	uint32_t i;

	for (i = 0; i < p->changes.n; i++) {
		c = &p->changes.list[i];
		one.len = 0;
		pbw_uint(&one, 1, c->how);
		put_text(&one, 2, c->kind);
		put_text(&one, 3, c->name);
		pbw_uint(&one, 4, c->resets);
		put_text(&one, 5, c->text);
		pbw_bytes(w, 1, one.base, one.len);
	}
	pbw_free(&one);
	pbw_uint(w, 2, p->changes.left_out);
	put_notes(w, 3, p);
	put_text(w, 4, p->message);
}

static void
put_message(struct pbw *w, const struct conf_reply *p)
{
	put_text(w, 1, p->message);
}

/* --- question and answer */

static int
answered(struct ask *ask, const struct msg *msg,
    void (*put)(struct pbw *, const struct conf_reply *))
{
	int failed = ask_err(ask, msg);
	struct conf_reply reply;
	struct pbw w = { 0 };
	struct rd rd;

	if (failed != 0)
		return failed == -1 ? -1 : 0;
	if (!wr_ok(&ask->parts)) {
		call_failf(ask->call, ERR_EXHAUSTED,
		    "the answer is longer than grpc_max_reply_bytes");
		return 0;
	}
	rd_init(&rd, ask->parts.base, wr_len(&ask->parts));
	msg_conf_reply_get(&rd, &reply);
	if (!rd_done(&rd))
		return -1;
	put(&w, &reply);
	call_reply_bytes(ask->call, w.base, w.len);
	pbw_free(&w);
	conf_reply_fini(&reply);
	return 0;
}

#define KIND(form)                                                             \
	static int on_##form(struct ask *ask, const struct msg *msg)           \
	{                                                                      \
		return answered(ask, msg, put_##form);                         \
	}                                                                      \
	static const struct ask_kind form##_kind = {                           \
		.to = PROC_BGPD,                                               \
		.part = MSG_CONF_EDIT_PART,                                    \
		.question = MSG_CONF_CALL,                                     \
		.answer = MSG_CONF_CALL_DONE,                                  \
		.answer_part = MSG_CONF_CALL_TEXT,                             \
		.on_answer = on_##form,                                        \
	}
KIND(written);
KIND(running);
KIND(file);
KIND(snapshots);
KIND(reload);
KIND(message);

static void
ask_bgpd(struct apid *apid, struct call *call, const struct ask_kind *kind,
    enum conf_call_op op, uint32_t index, const char *text)
{
	const struct conf_call q = {
		.op = (uint8_t)op,
		.index = index,
		.text = (const uint8_t *)text,
		.text_len = text == NULL ? 0 : strlen(text),
	};
	struct wr wr;

	if (apid->conf == NULL) {
		call_failf(call, ERR_UNAVAILABLE, "the daemon is starting");
		return;
	}
	wr_init_grow(&wr, CONF_CALL_TEXT_MAX + 16);
	msg_conf_call_put(&wr, &q);
	ask_start(apid, call, kind, &wr, "");
	wr_free(&wr);
}

void
rpc_get_running_config(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	(void)m;
	ask_bgpd(ctx, call, &running_kind, CONF_CALL_RUNNING, 0, NULL);
}

void
rpc_commit_config(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgp__CommitConfigRequest *m = (const void *)request;

	if (m->text[0] == '\0')
		call_failf(call, ERR_INVALID, "text: is empty");
	else
		ask_bgpd(ctx, call, &written_kind, CONF_CALL_COMMIT, 0,
		    m->text);
}

void
rpc_save_config(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	(void)m;
	ask_bgpd(ctx, call, &written_kind, CONF_CALL_SAVE, 0, NULL);
}

void
rpc_rollback_config(void *ctx, struct call *call,
    const ProtobufCMessage *request)
{
	const Bgp__RollbackConfigRequest *m = (const void *)request;

	ask_bgpd(ctx, call, &written_kind, CONF_CALL_ROLLBACK, m->index, NULL);
}

void
rpc_list_config_snapshots(void *ctx, struct call *call,
    const ProtobufCMessage *m)
{
	(void)m;
	ask_bgpd(ctx, call, &snapshots_kind, CONF_CALL_VERSIONS, 0, NULL);
}

void
rpc_reload(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgpgg__V1__ReloadRequest *m = (const void *)request;

	ask_bgpd(ctx, call, &reload_kind,
	    m->dry_run ? CONF_CALL_DRY_RUN : CONF_CALL_RELOAD, 0, NULL);
}

void
rpc_get_file_config(void *ctx, struct call *call, const ProtobufCMessage *m)
{
	(void)m;
	ask_bgpd(ctx, call, &file_kind, CONF_CALL_FILE, 0, NULL);
}

void
rpc_set_log_level(void *ctx, struct call *call, const ProtobufCMessage *request)
{
	const Bgpgg__V1__SetLogLevelRequest *m = (const void *)request;

	ask_bgpd(ctx, call, &message_kind, CONF_CALL_LOG, m->verbose, NULL);
}
