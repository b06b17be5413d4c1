/* SPDX-License-Identifier: ISC */
/* Pure. */
#include "common/msg_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"

void
msg_conf_call_put(struct wr *w, const struct conf_call *c)
{
	wr_n8(w, c->op);
	wr_n32(w, c->index);
	wr_copy(w, c->text, c->text_len);
}

void
msg_conf_call_get(struct rd *r, struct conf_call *c)
{
	c->op = rd_n8(r);
	c->index = rd_n32(r);
	c->text_len = rd_left(r);
	c->text = rd_bytes(r, c->text_len);
	if (c->op >= CONF_CALL__MAX || c->text_len > CONF_CALL_TEXT_MAX)
		rd_fail(r);
}

void
conf_changes_fini(struct conf_changes *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		free(c->list[i].kind);
		free(c->list[i].name);
		free(c->list[i].text);
	}
	free(c->list);
	memset(c, 0, sizeof(*c));
}

void
conf_reply_fini(struct conf_reply *p)
{
	uint32_t i;

	free(p->message);
	conf_changes_fini(&p->changes);
	for (i = 0; i < p->n_notes; i++)
		free(p->notes[i]);
	free(p->notes);
	memset(p, 0, sizeof(*p));
}

void
conf_reply_note(struct conf_reply *p, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	if (p->n_notes == CONF_NOTES_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->notes = xreallocarray(p->notes, p->n_notes + 1, sizeof(char *));
	p->notes[p->n_notes++] = xstrdup(text);
}

void
msg_conf_reply_put(struct wr *w, const struct conf_reply *p)
{
	const struct conf_change *c;
	uint32_t i;

	wr_str(w, p->message);
	wr_n32(w, p->changes.n);
	for (i = 0; i < p->changes.n; i++) {
		c = &p->changes.list[i];
		wr_n8(w, c->how);
		wr_n8(w, c->resets ? 1 : 0);
		wr_str(w, c->kind);
		wr_str(w, c->name);
		wr_str(w, c->text);
	}
	wr_n32(w, p->changes.left_out);
	wr_n32(w, p->n_notes);
	for (i = 0; i < p->n_notes; i++)
		wr_str(w, p->notes[i]);
	wr_n32(w, p->n_versions);
	for (i = 0; i < p->n_versions; i++) {
		wr_n32(w, p->versions[i].index);
		wr_n64(w, p->versions[i].mtime);
		wr_n64(w, p->versions[i].size);
	}
	wr_copy(w, p->text, p->text_len);
}

static void
changes_get(struct rd *r, struct conf_changes *to)
{
	struct conf_change *c;
	uint32_t i, n = rd_n32(r);

	if (n > CONF_CHANGES_MAX)
		rd_fail(r);
	if (!rd_ok(r) || n == 0)
		return;
	to->list = xcalloc(n, sizeof(*to->list));
	for (i = 0; i < n && rd_ok(r); i++) {
		c = &to->list[i];
		to->n = i + 1;
		c->how = rd_n8(r);
		c->resets = rd_n8(r) != 0;
		c->kind = rd_str(r);
		c->name = rd_str(r);
		c->text = rd_str(r);
		if (c->how >= CONF_CHANGE__MAX)
			rd_fail(r);
	}
}

static void
notes_get(struct rd *r, struct conf_reply *p)
{
	uint32_t i, n = rd_n32(r);

	if (n > CONF_NOTES_MAX)
		rd_fail(r);
	if (!rd_ok(r) || n == 0)
		return;
	p->notes = xcalloc(n, sizeof(*p->notes));
	for (i = 0; i < n && rd_ok(r); i++) {
		p->notes[i] = rd_str(r);
		p->n_notes = i + 1;
	}
}

void
msg_conf_reply_get(struct rd *r, struct conf_reply *p)
{
	uint32_t i;

	memset(p, 0, sizeof(*p));
	p->message = rd_str(r);
	changes_get(r, &p->changes);
	p->changes.left_out = rd_n32(r);
	notes_get(r, p);
	p->n_versions = rd_n32(r);
	if (p->n_versions > CONF_VERSIONS_MAX)
		rd_fail(r);
	for (i = 0; i < p->n_versions && rd_ok(r); i++) {
		p->versions[i].index = rd_n32(r);
		p->versions[i].mtime = rd_n64(r);
		p->versions[i].size = rd_n64(r);
	}
	p->text_len = rd_left(r);
	p->text = rd_bytes(r, p->text_len);
	if (rd_ok(r))
		return;
	conf_reply_fini(p);
}
