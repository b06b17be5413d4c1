/* SPDX-License-Identifier: ISC */
/*
 * Messages of API clients: the checks before the protobuf library, the
 * library, and what is made of the message.  The first byte chooses the
 * message.
 */
#include "apid/access.h"
#include "apid/arena.h"
#include "apid/pb_check.h"
#include "apid/pb_peer.h"
#include "apid/pb_policy.h"
#include "apid/pb_route.h"
#include "apid/pbr.h"
#include "apid/symbols.h"
#include "common/bgp_attr.h"
#include "common/msg_conf.h"
#include "proto/bgpgg/v1/policy.pb-c.h"
#include "proto/bgpgg/v1/route.pb-c.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"
#include "regress/fuzz/fuzz.h"

/* A route that is accepted has a block that the engine takes. */
static void
route(const Bgp__AddRouteRequest *m)
{
	uint8_t memory[BGP_ATTR_BLOCK_MAX];
	struct nlri nlri;
	struct wr attrs;
	struct err e;

	wr_init(&attrs, memory, sizeof(memory));
	if (pb_route_get(m, &nlri, &attrs, &e) == -1) {
		FUZZ_HOLDS(e.code == ERR_INVALID && e.text[0] != '\0');
		return;
	}
	FUZZ_HOLDS(wr_ok(&attrs));
	FUZZ_HOLDS(bgp_attr_validate(memory, wr_len(&attrs),
		       (enum family)nlri.family, &e) == 0);
}

static void
peer(const Bgp__AddPeerRequest *m)
{
	struct conf_peer conf;
	struct err e;

	conf_peer_init(&conf, NULL);
	if (pb_peer_address("address", m->address, &conf.addr, &conf.port,
		&e) == 0 &&
	    pb_peer_config_get(m->config, &conf, &e) == -1)
		FUZZ_HOLDS(e.code == ERR_INVALID && e.text[0] != '\0');
	conf_peer_fini(&conf);
}

/* What is accepted is shown, and the edit sent to bgpd is one that bgpd
 * reads: else it would take us for broken. */
static void
set(const Bgp__AddDefinedSetRequest *m)
{
	Bgp__ListDefinedSetsResponse *shown;
	struct conf_edit edit, copy;
	struct conf_set *set;
	struct pbw w = { 0 };
	struct err e;
	struct wr wr;
	struct rd rd;

	set = pb_set_get(m->set, "set", &e);
	if (set == NULL) {
		FUZZ_HOLDS(e.code == ERR_INVALID && e.text[0] != '\0');
		return;
	}
	FUZZ_HOLDS(pb_set_put(&w, 1, set, SIZE_MAX) == 0);
	shown = bgp__list_defined_sets_response__unpack(NULL, w.len, w.base);
	FUZZ_HOLDS(shown != NULL && shown->n_sets == 1);
	bgp__list_defined_sets_response__free_unpacked(shown, NULL);
	pbw_free(&w);
	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_SET_ADD;
	edit.set = set;
	wr_init_grow(&wr, CONF_EDIT_MAX);
	msg_conf_edit_put(&wr, &edit);
	rd_init(&rd, wr.base, wr_len(&wr));
	msg_conf_edit_get(&rd, &copy);
	FUZZ_HOLDS(rd_done(&rd));
	FUZZ_HOLDS(conf_set_equal(set, copy.set));
	conf_edit_fini(&copy);
	conf_edit_fini(&edit);
	wr_free(&wr);
}

static void
policy(const Bgp__AddPolicyRequest *m)
{
	Bgp__ListPoliciesResponse *shown;
	struct conf_edit edit, copy;
	struct pbw w = { 0 };
	struct err e;
	struct wr wr;
	struct rd rd;

	memset(&edit, 0, sizeof(edit));
	edit.op = CONF_EDIT_POLICY_ADD;
	edit.policy = pb_policy_get(m, "", &e);
	if (edit.policy == NULL) {
		FUZZ_HOLDS(e.code == ERR_INVALID && e.text[0] != '\0');
		return;
	}
	FUZZ_HOLDS(pb_policy_put(&w, 1, edit.policy, SIZE_MAX) == 0);
	shown = bgp__list_policies_response__unpack(NULL, w.len, w.base);
	FUZZ_HOLDS(shown != NULL && shown->n_policies == 1);
	bgp__list_policies_response__free_unpacked(shown, NULL);
	pbw_free(&w);
	wr_init_grow(&wr, CONF_EDIT_MAX);
	msg_conf_edit_put(&wr, &edit);
	rd_init(&rd, wr.base, wr_len(&wr));
	msg_conf_edit_get(&rd, &copy);
	FUZZ_HOLDS(rd_done(&rd));
	FUZZ_HOLDS(conf_policy_equal(edit.policy, copy.policy));
	conf_edit_fini(&copy);
	conf_edit_fini(&edit);
	wr_free(&wr);
}

static void
edit(const uint8_t *data, size_t size)
{
	struct pbr_member m;
	struct pbr r;

	pbr_init(&r, data, size);
	while (pbr_next(&r, &m) == 1)
		if (m.wire == PBR_BYTES)
			FUZZ_HOLDS(m.body.p >= data && m.body.end <= r.end &&
			    m.body.p <= m.body.end);
}

static void
token(const uint8_t *data, size_t size)
{
	char text[] = "0123456789abcdef\n#x\nfedcba9876543210";
	char path[] = "/t";
	struct conf_access conf = { .tokens = { .path = path, .text = text } };
	struct access *a = access_new(&conf);
	struct err e;

	if (access_allows(a, false, data, size, &e) == 0)
		FUZZ_HOLDS(size == 7 + 16);
	access_free(a);
}

static void
message(unsigned int which, const uint8_t *data, size_t size)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&bgp__add_route_request__descriptor,
		&bgp__add_peer_request__descriptor,
		&bgp__list_routes_request__descriptor,
		&bgp__add_defined_set_request__descriptor,
		&bgp__add_policy_request__descriptor,
		&bgpgg__v1__edit_routes_request__descriptor,
		&grpc__reflection__v1__server_reflection_request__descriptor,
		&bgpgg__v1__dry_run_request__descriptor,
	};
	static struct arena arena;
	static bool ready;
	ProtobufCMessage *m;
	struct err e;

	if (!ready)
		arena_init(&arena);
	ready = true;
	which %= nitems(types);
	if (pb_check(types[which], data, size, &e) == -1) {
		FUZZ_HOLDS(e.code == ERR_INVALID);
		return;
	}
	arena_reset(&arena);
	m = protobuf_c_message_unpack(types[which], &arena.allocator, size,
	    data);
	if (m == NULL)
		return;
	if (which == 0)
		route((const void *)m);
	else if (which == 1)
		peer((const void *)m);
	else if (which == 3)
		set((const void *)m);
	else if (which == 4)
		policy((const void *)m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0)
		return 0;
	copy = fuzz_copy(data + 1, size - 1);
	edit(copy, size - 1);
	token(copy, size - 1);
	symbols_free(symbols_new(copy, size - 1));
	message(data[0], copy, size - 1);
	free(copy);
	return 0;
}
