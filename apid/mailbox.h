/* SPDX-License-Identifier: ISC */
/*
 * The way from the completion thread to the event loop: a list of tags
 * under the one lock that both threads share without a call between them,
 * and a descriptor that becomes readable when the list is no longer empty.
 *
 * The list holds no memory of its own: a tag is a member of what it is
 * about, and is on the list at most once.  Its bound is thereby the number
 * of calls and of armed requests.
 */
#ifndef APID_MAILBOX_H
#define APID_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

enum tag_kind {
	TAG_ACCEPT, /* a slot got a new call */
	TAG_CLOSE, /* the call is over: done, cancelled or lost */
	TAG_SEND, /* nothing is left to send */
	TAG_ROOM, /* the send queue fell below its low mark */
	TAG_RECV, /* a message was received (not posted itself) */
	TAG_READABLE, /* the receive queue is no longer empty, or ended */
	TAG_STATUS, /* the final status left */
	TAG_SHUTDOWN, /* the server has shut down */
};

struct tag {
	struct tag *next;
	void *owner;
	enum tag_kind kind;
	bool ok;
};

struct mailbox {
	pthread_mutex_t mu;
	struct tag *head;
	struct tag **tail;
	int fd; /* readable while something waits; event loop's side */
};

void mailbox_init(struct mailbox *); /* fatal if there is no descriptor */
void mailbox_fini(struct mailbox *);
/* Append; from any thread. */
void mailbox_post(struct mailbox *, struct tag *);
/* Take the whole list, oldest first; event loop only. */
struct tag *mailbox_take(struct mailbox *);

#endif
