/* SPDX-License-Identifier: ISC */
/*
 * Payloads of the CONF messages: the configuration sent item by item, and
 * edits of it.  An item starts with its kind.  A CONF_ITEM carries one item
 * or several after each other; a listener is always alone in its message,
 * because its socket rides along as a descriptor.
 */
#ifndef COMMON_MSG_CONF_H
#define COMMON_MSG_CONF_H

#include "common/conf.h"
#include "common/cursor.h"

enum conf_item {
	CONF_ITEM_GLOBAL, /* scalars of struct conf */
	CONF_ITEM_LISTEN, /* bound BGP listener + descriptor (sessiond) */
	CONF_ITEM_GRPC_LISTEN, /* bound listener + descriptor (apid) */
	CONF_ITEM_PEER,
	CONF_ITEM_NETWORK,
	CONF_ITEM_BMP_SERVER,
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

/*
 * The child's side of the transfer: collects BEGIN..END into a conf.
 * conf_rx_item returns -1 on a malformed item (the sender is broken).
 * The descriptor that rode along with a listener stays with the caller: it
 * belongs to the endpoint just appended, next->listen[next->n_listen - 1].
 * An endpoint without a descriptor is one that the receiver holds already,
 * found by conf_endpoint_equal().
 *
 * Who gets what: GLOBAL, LISTEN and PEER go to every child (descriptors of
 * LISTEN to sessiond only), NETWORK and BMP_SERVER to rde, GRPC_LISTEN to
 * apid.
 */
struct conf_rx {
	struct conf *next; /* under construction or waiting for COMMIT */
};
/* Drops what an unfinished transfer left. */
void conf_rx_begin(struct conf_rx *, uint32_t generation);
int conf_rx_item(struct conf_rx *, const uint8_t *, size_t) ATTR_CHECK;
/* Give the collected model to the caller at COMMIT (then next == NULL). */
struct conf *conf_rx_take(struct conf_rx *);
void conf_rx_abort(struct conf_rx *);

/* CONF_EDIT: one change by API. */
enum conf_edit_op {
	CONF_EDIT_PEER_ADD,
	CONF_EDIT_PEER_REMOVE,
	CONF_EDIT_BMP_ADD,
	CONF_EDIT_BMP_REMOVE,
};
struct conf_edit {
	uint8_t op; /* enum conf_edit_op */
	struct conf_peer peer; /* REMOVE: only addr counts */
	struct conf_bmp_server bmp; /* REMOVE: only addr and port count */
};
void msg_conf_edit_put(struct wr *, const struct conf_edit *);
void msg_conf_edit_get(struct rd *, struct conf_edit *);
void conf_edit_fini(struct conf_edit *);

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
