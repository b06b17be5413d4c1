/* SPDX-License-Identifier: ISC */
/*
 * The plainest way to serve a unary call: one question to one sibling, one
 * answer, one reply.
 */
#ifndef APID_ASK_H
#define APID_ASK_H

#include "apid/apid.h"

struct ask;

/* Bytes of a sentence with a name in it. */
enum { ASK_SUBJECT = CONF_NAME_MAX + 100 };

struct ask_kind {
	enum proc to;
	/* Of questions that may be longer than a message: what goes ahead;
	 * 0: they are short. */
	enum msg_type part;
	enum msg_type question;
	enum msg_type answer;
	/* What comes before an answer longer than a message, gathered in
	 * `parts`; 0: nothing. */
	enum msg_type answer_part;
	/* What to say when the client no longer wants it; 0: nothing. */
	enum msg_type close;
	/* The answer came: end the call.  -1 if it is malformed (then the
	 * call has not been ended). */
	int (*on_answer)(struct ask *, const struct msg *);
};

struct ask {
	struct req req;
	struct apid *apid;
	struct call *call;
	const struct ask_kind *kind;
	char subject[ASK_SUBJECT]; /* what the reply is about */
	struct wr parts; /* bad: more than an answer may have */
};

/* Ask what is in wr; ends the call on failure. */
void ask_start(struct apid *, struct call *, const struct ask_kind *,
    const struct wr *, const char *subject);
/* Ask bgpd for a change of the configuration; the reply will have `success`
 * and, as its `message`, this one. */
void ask_edit(struct apid *, struct call *, const struct conf_edit *,
    const char *message);
/* For answers that are a struct err: fail the call if it says so.  Returns
 * 1 if it failed, 0 if all is well, -1 if malformed. */
int ask_err(struct ask *, const struct msg *) ATTR_CHECK;

#endif
