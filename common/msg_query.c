/* SPDX-License-Identifier: ISC */
/*
 * Codecs of table listings and route injection.  A reader goes bad on any
 * number outside its range, so that who decodes needs one check at the end.
 */
#include "common/msg_query.h"

#include <string.h>

static bool
get_bool(struct rd *r)
{
	uint8_t v;

	v = rd_n8(r);
	if (v > 1)
		rd_fail(r);
	return v == 1;
}

void
msg_query_open_put(struct wr *w, const struct query_open *q)
{
	wr_n8(w, q->table);
	addr_put(w, &q->peer);
	wr_n32(w, q->families);
	wr_n8(w, q->best_only);
	wr_n8(w, q->match);
	if (q->match != QUERY_MATCH_ALL)
		nlri_put(w, &q->nlri);
	wr_n8(w, q->has_community);
	if (q->has_community)
		wr_n32(w, q->community);
	wr_n8(w, q->has_origin_as);
	if (q->has_origin_as)
		wr_n32(w, q->origin_as);
}

void
msg_query_open_get(struct rd *r, struct query_open *q)
{
	memset(q, 0, sizeof(*q));
	q->table = rd_n8(r);
	addr_get(r, &q->peer);
	q->families = rd_n32(r);
	q->best_only = get_bool(r);
	q->match = rd_n8(r);
	if (q->table > QUERY_ADJ_OUT || q->match > QUERY_MATCH_COVERING ||
	    (q->families & ~FAMILY_ALL) != 0) {
		rd_fail(r);
		return;
	}
	if ((q->table == QUERY_GLOBAL) != (q->peer.family == ADDR_NONE)) {
		rd_fail(r);
		return;
	}
	if (q->match != QUERY_MATCH_ALL)
		nlri_get(r, &q->nlri);
	q->has_community = get_bool(r);
	if (q->has_community)
		q->community = rd_n32(r);
	q->has_origin_as = get_bool(r);
	if (q->has_origin_as)
		q->origin_as = rd_n32(r);
}

size_t
msg_query_row_begin(struct wr *w, const struct nlri *nlri)
{
	nlri_put(w, nlri);
	return wr_skip(w, 2);
}

void
msg_query_row_end(struct wr *w, size_t at, uint16_t paths)
{
	wr_patch16(w, at, paths);
}

void
msg_query_row_get(struct rd *r, struct nlri *nlri, uint16_t *paths)
{
	nlri_get(r, nlri);
	*paths = rd_n16(r);
	if (*paths == 0)
		rd_fail(r);
}

void
msg_query_path_put(struct wr *w, const struct query_path *p)
{
	addr_put(w, &p->peer);
	wr_n32(w, p->remote_as);
	wr_n32(w, p->path_id);
	wr_n8(w, p->flags);
	wr_n32(w, p->age_secs);
	wr_n16(w, p->attrs_len);
	wr_copy(w, p->attrs, p->attrs_len);
	if ((p->flags & QUERY_PATH_REJECTED) == 0)
		return;
	wr_n16(w, p->rejected_by_len);
	wr_copy(w, p->rejected_by, p->rejected_by_len);
}

void
msg_query_path_get(struct rd *r, struct query_path *p)
{
	memset(p, 0, sizeof(*p));
	addr_get(r, &p->peer);
	p->remote_as = rd_n32(r);
	p->path_id = rd_n32(r);
	p->flags = rd_n8(r);
	p->age_secs = rd_n32(r);
	p->attrs_len = rd_n16(r);
	p->attrs = rd_bytes(r, p->attrs_len);
	if ((p->flags & QUERY_PATH_REJECTED) == 0)
		return;
	p->rejected_by_len = rd_n16(r);
	p->rejected_by = (const char *)rd_bytes(r, p->rejected_by_len);
}

void
msg_inject_put(struct wr *w, const struct inject *i)
{
	wr_n8(w, i->op);
	nlri_put(w, &i->nlri);
	wr_n16(w, i->op == INJECT_ADD ? i->attrs_len : 0);
	if (i->op == INJECT_ADD)
		wr_copy(w, i->attrs, i->attrs_len);
}

void
msg_inject_get(struct rd *r, struct inject *i)
{
	memset(i, 0, sizeof(*i));
	i->op = rd_n8(r);
	nlri_get(r, &i->nlri);
	i->attrs_len = rd_n16(r);
	i->attrs = rd_bytes(r, i->attrs_len);
	if (i->op > INJECT_REMOVE ||
	    (i->op == INJECT_REMOVE && i->attrs_len != 0))
		rd_fail(r);
}

void
msg_inject_result_put(struct wr *w, const struct err *e, size_t max_text)
{
	size_t len;

	wr_n8(w, (uint8_t)e->code);
	if (e->code == ERR_OK)
		return;
	len = strnlen(e->text, sizeof(e->text) - 1);
	if (len > max_text)
		len = max_text;
	wr_n16(w, (uint16_t)len);
	wr_copy(w, e->text, len);
}

void
msg_inject_result_get(struct rd *r, struct err *e)
{
	uint8_t code;
	uint16_t len;

	err_clear(e);
	code = rd_n8(r);
	if (code >= ERR__MAX) {
		rd_fail(r);
		return;
	}
	if (code == ERR_OK)
		return;
	len = rd_n16(r);
	if (len >= sizeof(e->text)) {
		rd_fail(r);
		return;
	}
	rd_copy(r, e->text, len);
	e->text[len] = '\0';
	if (strlen(e->text) != len)
		rd_fail(r);
	e->code = (enum err_code)code;
}

void
msg_rib_info_put(struct wr *w, const struct rib_info *info)
{
	int f;

	wr_n64(w, info->prefixes);
	for (f = 0; f < FAMILY__MAX; f++) {
		wr_n64(w, info->families[f].prefixes);
		wr_n64(w, info->families[f].paths);
	}
}

void
msg_rib_info_get(struct rd *r, struct rib_info *info)
{
	int f;

	info->prefixes = rd_n64(r);
	for (f = 0; f < FAMILY__MAX; f++) {
		info->families[f].prefixes = rd_n64(r);
		info->families[f].paths = rd_n64(r);
	}
}
