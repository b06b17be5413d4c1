/* SPDX-License-Identifier: ISC */
/*
 * Payloads of the CONF messages: the configuration sent item by item, and
 * edits of it.  An item starts with its kind.  A CONF_ITEM carries one item
 * or several after each other; a listener is always alone in its message,
 * because its socket rides along as a descriptor.  A set follows its head in
 * as many items as its members need, a policy with one a statement.
 */
#ifndef COMMON_MSG_CONF_H
#define COMMON_MSG_CONF_H

#include "common/conf.h"
#include "common/cursor.h"

enum conf_item {
	CONF_ITEM_GLOBAL, /* scalars of struct conf */
	CONF_ITEM_LISTEN, /* bound BGP listener + descriptor (sessiond) */
	CONF_ITEM_GRPC_LISTEN, /* bound listener + descriptor (apid) */
	CONF_ITEM_METRICS_LISTEN, /* the same, for HTTP */
	CONF_ITEM_PEER,
	CONF_ITEM_NETWORK,
	CONF_ITEM_BMP_SERVER,
	CONF_ITEM_SET, /* its head; sets come in the order of struct conf */
	CONF_ITEM_SET_MEMBERS, /* some, appended to the set before */
	CONF_ITEM_POLICY, /* its head; by name */
	CONF_ITEM_STATEMENT, /* appended to the policy before */
	CONF_ITEM__MAX
};

/* Descriptors are new for listeners that the receiver does not have yet;
 * a listener item without one means "as before". */

void msg_conf_global_put(struct wr *, const struct conf *);
void msg_conf_global_get(struct rd *, struct conf *);
void msg_conf_endpoint_put(struct wr *, const struct conf_endpoint *);
void msg_conf_endpoint_get(struct rd *, struct conf_endpoint *);
void msg_conf_peer_put(struct wr *, const struct conf_peer *);
void msg_conf_peer_get(struct rd *, struct conf_peer *);
void msg_conf_network_put(struct wr *, const struct conf_network *);
void msg_conf_network_get(struct rd *, struct conf_network *);
void msg_conf_bmp_server_put(struct wr *, const struct conf_bmp_server *);
void msg_conf_bmp_server_get(struct rd *, struct conf_bmp_server *);

/* Members and statements go into items of about this length. */
#define CONF_ITEM_LEN 32768u

/*
 * Heads.  With `reuse` nothing follows: the receiver holds an object of this
 * name and serial in its running configuration.  A getter returns a
 * reference to that one, or a new object that is still empty (*fresh); NULL
 * and a bad reader if there is none.
 */
void msg_conf_set_put(struct wr *, const struct conf_set *, bool reuse);
struct conf_set *
msg_conf_set_get(struct rd *, const struct conf *running, bool *fresh);
void msg_conf_policy_put(struct wr *, const struct conf_policy *, bool reuse);
struct conf_policy *
msg_conf_policy_get(struct rd *, const struct conf *running, bool *fresh);
/* Members from this one on, as many as go into an item; returns the first
 * that is left. */
uint32_t
msg_conf_members_put(struct wr *, const struct conf_set *, uint32_t from);
void msg_conf_members_get(struct rd *, struct conf_set *); /* appends */
void msg_conf_statement_put(struct wr *, const struct conf_statement *);
void msg_conf_statement_get(struct rd *, struct conf_policy *); /* appends */

/*
 * The child's side of the transfer: collects BEGIN..END into a conf.
 * conf_rx_item returns -1 on a malformed item (the sender is broken).
 * The descriptor that rode along with a listener stays with the caller: it
 * belongs to the endpoint just appended, next->listen[next->n_listen - 1].
 * An endpoint without a descriptor is one that the receiver holds already,
 * found by conf_endpoint_equal().
 *
 * Who gets what: GLOBAL, LISTEN and PEER go to every child (descriptors of
 * LISTEN to sessiond only), NETWORK and BMP_SERVER to rde, GRPC_LISTEN and
 * METRICS_LISTEN to apid, sets and policies to rde and apid.
 */
struct conf_rx {
	struct conf *next; /* under construction or waiting for COMMIT */
	const struct conf *running;
	/* the ones that grow, of `next`; NULL: none */
	struct conf_set *set;
	struct conf_policy *policy;
};
/* Drops what an unfinished transfer left.  `running` (NULL: none) is where
 * reused sets and policies are found; it stays until the end. */
void conf_rx_begin(struct conf_rx *, const struct conf *running,
    uint32_t generation);
int conf_rx_item(struct conf_rx *, const uint8_t *, size_t) ATTR_CHECK;
/* Give the collected model to the caller at COMMIT (then next == NULL). */
struct conf *conf_rx_take(struct conf_rx *);
void conf_rx_abort(struct conf_rx *);

/*
 * CONF_EDIT: one change by API.  One that is longer than a message goes in
 * pieces, cut anywhere: CONF_EDIT_PART... and the rest as CONF_EDIT, all of
 * the same request and one edit at a time.
 */
#define CONF_EDIT_MAX (16u * 1024 * 1024) /* bytes of one edit */
enum conf_edit_op {
	CONF_EDIT_PEER_ADD,
	CONF_EDIT_PEER_REMOVE,
	CONF_EDIT_SET_ADD,
	CONF_EDIT_SET_REMOVE,
	CONF_EDIT_POLICY_ADD, /* or replace */
	CONF_EDIT_POLICY_REMOVE,
	CONF_EDIT_ASSIGN,
	CONF_EDIT_BMP_ADD,
	CONF_EDIT_BMP_REMOVE,
};
struct conf_edit {
	uint8_t op; /* enum conf_edit_op */
	struct conf_peer peer; /* PEER_REMOVE, ASSIGN: only addr counts */
	struct conf_set *set; /* SET_ADD: a reference */
	bool replace; /* SET_ADD: one of that name is no error */
	uint8_t set_kind; /* SET_REMOVE: of `name`, or ... */
	bool all; /* ... all of the kind */
	char *name; /* SET_REMOVE, POLICY_REMOVE */
	struct conf_policy *policy; /* POLICY_ADD: a reference */
	uint8_t direction; /* ASSIGN: enum conf_direction */
	struct conf_assignment assignment; /* ASSIGN */
	struct conf_bmp_server bmp; /* BMP_REMOVE: only addr and port count */
};
void conf_edit_fini(struct conf_edit *);
void msg_conf_edit_put(struct wr *, const struct conf_edit *);
/* Names and patterns may be any text, lists as long as they are: what bounds
 * of the configuration they break is bgpd's to say.  That patterns compile is
 * the sender's to know. */
void msg_conf_edit_get(struct rd *, struct conf_edit *);
/* Hand over a written edit in pieces that fit into messages; `last` is to go
 * as CONF_EDIT, those before as CONF_EDIT_PART. */
void msg_conf_edit_cut(const struct wr *,
    void (*send)(void *ctx, bool last, const uint8_t *, size_t), void *ctx);

/* SOCK_REQ: make a socket for a connection to `remote`, a peer, or a BMP
 * server where it is for a conduit. */
struct sock_req {
	struct addr local; /* ADDR_NONE: the kernel chooses */
	struct addr remote;
	uint16_t port;
};
void msg_sock_req_put(struct wr *, const struct sock_req *);
void msg_sock_req_get(struct rd *, struct sock_req *);
/* SOCK carries an errno (n32), 0 with a descriptor that is bound, set up,
 * non-blocking and not yet connected. */

#endif
