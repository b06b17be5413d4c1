/* SPDX-License-Identifier: ISC */
/*
 * Payloads of messages between the processes: the first octet names the
 * codec, the rest is what a taken-over sibling might send.  What is accepted
 * survives being written and read again.
 */
#include "common/msg.h"
#include "common/msg_call.h"
#include "common/msg_conduit.h"
#include "common/msg_conf.h"
#include "common/msg_peer.h"
#include "common/msg_query.h"
#include "common/msg_route.h"
#include "common/xmalloc.h"
#include "regress/fuzz/fuzz.h"

struct codec {
	/* Read one of them; accepted if the reader is good and at its end. */
	void (*get)(struct rd *, void *);
	void (*put)(struct wr *, const void *);
	void (*fini)(void *);
};

union payload {
	struct query_open query_open;
	struct query_path query_path;
	struct inject inject;
	struct err err;
	struct rib_info rib_info;
	struct credit credit;
	struct refresh refresh;
	struct peer_up peer_up;
	struct peer_down peer_down;
	struct peer_shut peer_shut;
	struct peers_get peers_get;
	struct peer_row peer_row;
	struct peer_ctl peer_ctl;
	struct conf_edit conf_edit;
	struct peer_counts peer_counts;
	struct conf_endpoint conf_endpoint;
	struct sock_req sock_req;
	struct conduit_open conduit_open;
	struct bmp_row bmp_row;
	struct conf_call conf_call;
	struct conf_reply conf_reply;
};

#define CODEC(name)                                                            \
	static void get_##name(struct rd *r, void *to)                         \
	{                                                                      \
		msg_##name##_get(r, to);                                       \
	}                                                                      \
	static void put_##name(struct wr *w, const void *from)                 \
	{                                                                      \
		msg_##name##_put(w, from);                                     \
	}

CODEC(query_open)
CODEC(conf_call)
CODEC(conf_reply)
CODEC(query_path)
CODEC(inject)
CODEC(rib_info)
CODEC(credit)
CODEC(refresh)
CODEC(peer_up)
CODEC(peer_down)
CODEC(peer_shut)
CODEC(peers_get)
CODEC(peer_row)
CODEC(peer_ctl)
CODEC(conf_edit)
CODEC(sock_req)
CODEC(peer_counts)
CODEC(conf_endpoint)
CODEC(conduit_open)
CODEC(bmp_row)

static void
get_result(struct rd *r, void *to)
{
	msg_inject_result_get(r, to);
}

static void
put_result(struct wr *w, const void *from)
{
	msg_inject_result_put(w, from, SIZE_MAX);
}

static void
fini_peer_up(void *p)
{
	peer_up_fini(p);
}

static void
fini_conf_edit(void *p)
{
	conf_edit_fini(p);
}

static void
fini_conf_endpoint(void *p)
{
	conf_endpoint_fini(p);
}

static void
fini_conf_reply(void *p)
{
	conf_reply_fini(p);
}

static const struct codec codecs[] = {
	{ get_query_open, put_query_open, NULL },
	{ get_query_path, put_query_path, NULL },
	{ get_inject, put_inject, NULL },
	{ get_result, put_result, NULL },
	{ get_rib_info, put_rib_info, NULL },
	{ get_credit, put_credit, NULL },
	{ get_refresh, put_refresh, NULL },
	{ get_peer_up, put_peer_up, fini_peer_up },
	{ get_peer_down, put_peer_down, NULL },
	{ get_peer_shut, put_peer_shut, NULL },
	{ get_peers_get, put_peers_get, NULL },
	{ get_peer_row, put_peer_row, NULL },
	{ get_peer_ctl, put_peer_ctl, NULL },
	{ get_conf_edit, put_conf_edit, fini_conf_edit },
	{ get_sock_req, put_sock_req, NULL },
	{ get_peer_counts, put_peer_counts, NULL },
	{ get_conf_endpoint, put_conf_endpoint, fini_conf_endpoint },
	{ get_conduit_open, put_conduit_open, NULL },
	{ get_bmp_row, put_bmp_row, NULL },
	{ get_conf_call, put_conf_call, NULL },
	{ get_conf_reply, put_conf_reply, fini_conf_reply },
};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

/* Read, and written again into `w`; false if it was refused. */
static bool
again(const struct codec *c, const uint8_t *p, size_t len, struct wr *w)
{
	union payload v;
	struct rd r;
	bool ok;

	memset(&v, 0, sizeof(v));
	rd_init(&r, p, len);
	c->get(&r, &v);
	ok = rd_done(&r);
	if (ok)
		c->put(w, &v);
	if (c->fini != NULL)
		c->fini(&v);
	return ok;
}

static void
check_codec(const struct codec *c, const uint8_t *p, size_t len)
{
	struct wr a, b;

	wr_init_grow(&a, MSG_MAX);
	wr_init_grow(&b, MSG_MAX);
	if (again(c, p, len, &a)) {
		FUZZ_HOLDS(wr_ok(&a));
		FUZZ_HOLDS(again(c, a.base, wr_len(&a), &b));
		FUZZ_HOLDS(wr_ok(&b) && wr_len(&a) == wr_len(&b));
		FUZZ_HOLDS(memcmp(a.base, b.base, wr_len(&a)) == 0);
	}
	wr_free(&a);
	wr_free(&b);
}

static void
check_tx(const uint8_t *p, size_t len)
{
	size_t at = 0, n = 0;
	struct tx tx;

	if (msg_tx_get(p, len, &tx) == -1)
		return;
	FUZZ_HOLDS(tx.data + tx.len == p + len);
	for (; at < tx.len; n++)
		at += (size_t)tx.data[at + 16] << 8 | tx.data[at + 17];
	FUZZ_HOLDS(at == tx.len && n == tx.messages);
	for (uint32_t id = 0; id <= UINT16_MAX; id += 7)
		(void)tx_has_peer(&tx, id);
}

static void
check_rows(const uint8_t *p, size_t len)
{
	struct query_path path;
	struct nlri nlri;
	uint16_t paths;
	struct rd r;

	rd_init(&r, p, len);
	while (rd_ok(&r) && rd_left(&r) > 0) {
		msg_query_row_get(&r, &nlri, &paths);
		while (rd_ok(&r) && paths-- > 0) {
			msg_query_path_get(&r, &path);
			if (rd_ok(&r))
				FUZZ_HOLDS(
				    path.attrs + path.attrs_len <= p + len);
		}
	}
}

/* A transfer of the configuration: n16 length of an item, the item. */
static void
check_transfer(const uint8_t *p, size_t len)
{
	struct conf_rx rx = { .next = NULL };
	size_t n;

	conf_rx_begin(&rx, NULL, 1);
	while (len > 2) {
		n = (size_t)p[0] << 8 | p[1];
		p += 2;
		len -= 2;
		if (n > len)
			n = len;
		if (n == 0 || conf_rx_item(&rx, p, n) == -1)
			break;
		p += n;
		len -= n;
	}
	if (len == 0)
		conf_free(conf_rx_take(&rx));
	else
		conf_rx_abort(&rx);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int which;
	uint8_t *p;

	if (len == 0 || len > MSG_MAX)
		return 0;
	which = data[0] % (CODECS + 3u);
	len--;
	p = fuzz_copy(data + 1, len);
	if (which < CODECS)
		check_codec(&codecs[which], p, len);
	else if (which == CODECS)
		check_tx(p, len);
	else if (which == CODECS + 1)
		check_rows(p, len);
	else
		check_transfer(p, len);
	free(p);
	return 0;
}
