/* SPDX-License-Identifier: ISC */
/* Refusals by value. */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

void
err_clear(struct err *e)
{
	e->code = ERR_OK;
	e->text[0] = '\0';
}

void
err_put(struct wr *w, const struct err *e)
{
	size_t len = strnlen(e->text, sizeof(e->text));

	wr_n8(w, (uint8_t)e->code);
	wr_n16(w, (uint16_t)len);
	wr_copy(w, e->text, len);
}

void
err_get(struct rd *r, struct err *e)
{
	uint8_t code = rd_n8(r);
	uint16_t len = rd_n16(r);

	err_clear(e);
	if (code >= ERR__MAX || len >= sizeof(e->text)) {
		rd_fail(r);
		return;
	}
	e->code = (enum err_code)code;
	rd_copy(r, e->text, len);
	e->text[rd_ok(r) ? len : 0] = '\0';
}
