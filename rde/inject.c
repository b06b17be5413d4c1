/* SPDX-License-Identifier: ISC */
/* Routes from the API. */
#include "rde/inject.h"

#include <stdlib.h>
#include <string.h>

#include "common/bgp_attr.h"
#include "common/chan.h"
#include "common/err.h"
#include "common/msg_query.h"
#include "common/xmalloc.h"

#include "rde/shell.h"

/* Least bytes of one result: code and the length of an empty text. */
enum { RESULT_MIN = 3 };

void
inject_init(struct injections *inj)
{
	memset(inj, 0, sizeof(*inj));
}

void
inject_fini(struct injections *inj)
{
	size_t i;

	for (i = 0; i < inj->n; i++)
		free(inj->answers[i].data);
	free(inj->answers);
	inject_init(inj);
}

static int
add(struct shell *sh, const struct inject *edit, struct err *e)
{
	char buf[NLRI_STRLEN];

	if (bgp_attr_validate(edit->attrs, edit->attrs_len,
		(enum family)edit->nlri.family, e) == -1)
		return -1;
	if (conf_claims(sh, &edit->nlri))
		return err_set(e, ERR_EXISTS,
		    "route %s already exists in networks of the "
		    "configuration file, it cannot be added through the API",
		    nlri_str(&edit->nlri, buf));
	rde_local_add(sh->rde, &edit->nlri, edit->attrs, edit->attrs_len,
	    mono_now());
	return 0;
}

int
inject_edit(struct shell *sh, const struct inject *edit, struct err *e)
{
	struct network_ref *ref;

	if (sh->conf.conf == NULL)
		return err_set(e, ERR_UNAVAILABLE,
		    "the routing engine has no configuration yet");
	if (edit->op == INJECT_ADD)
		return add(sh, edit, e);
	/* Idempotent: nothing to remove is as good. */
	ref = conf_network(sh, &edit->nlri);
	if (ref != NULL)
		ref->removed = true;
	(void)rde_local_remove(sh->rde, &edit->nlri);
	return 0;
}

/* The number of edits, 0 if the batch is malformed. */
static uint16_t
check(const uint8_t *data, size_t len)
{
	struct inject edit;
	struct rd r;
	uint16_t count;
	uint16_t i;

	rd_init(&r, data, len);
	count = rd_n16(&r);
	for (i = 0; i < count && rd_ok(&r); i++)
		msg_inject_get(&r, &edit);
	return rd_done(&r) ? count : 0;
}

int
inject_batch(struct shell *sh, uint32_t id, const uint8_t *data, size_t len)
{
	struct injections *inj = &sh->injections;
	struct inject_answer *a;
	struct inject edit;
	struct err e;
	struct rd r;
	struct wr w;
	size_t room;
	uint16_t count;
	uint16_t i;

	count = check(data, len);
	if (count == 0)
		return -1;
	rd_init(&r, data, len);
	(void)rd_n16(&r);
	wr_init_grow(&w, MSG_MAX);
	wr_n16(&w, count);
	for (i = 0; i < count; i++) {
		msg_inject_get(&r, &edit);
		err_clear(&e);
		(void)inject_edit(sh, &edit, &e);
		/* Texts may use what the results to come do not need. */
		room = wr_left(&w) - (size_t)(count - i) * RESULT_MIN;
		msg_inject_result_put(&w, &e, room);
	}
	if (inj->n == inj->max) {
		inj->max = inj->max > 0 ? 2 * inj->max : 4;
		inj->answers = xreallocarray(inj->answers, inj->max,
		    sizeof(*inj->answers));
	}
	a = &inj->answers[inj->n++];
	a->id = id;
	a->len = wr_len(&w);
	a->data = xmemdup(w.base, a->len);
	wr_free(&w);
	rde_settle_many(sh->rde);
	if (mono_reached(mono_now(), sched_updates_until(sh)))
		chan_yield(sh->apid);
	return 0;
}

void
inject_answer(struct shell *sh)
{
	struct injections *inj = &sh->injections;
	struct inject_answer *a;
	size_t i;

	for (i = 0; i < inj->n; i++) {
		a = &inj->answers[i];
		if (sh->apid != NULL)
			chan_send_buf(sh->apid, MSG_INJECT_DONE, a->id, 0,
			    a->data, a->len);
		free(a->data);
	}
	inj->n = 0;
}

void
inject_forget(struct shell *sh)
{
	inject_fini(&sh->injections);
}
