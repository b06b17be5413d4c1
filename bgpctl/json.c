/* SPDX-License-Identifier: ISC */
/*
 * JSON writer (RFC 8259).  One thread writes; the locks of stdio, taken for
 * each character, would cost more than all else.
 */
#include "bgpctl/json.h"

#include <inttypes.h>
#include <math.h>

void
json_init(struct json *j, FILE *to)
{
	j->to = to;
	j->comma = false;
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void
put_text(struct json *j, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *from;

	putc_unlocked('"', j->to);
	while (*p != '\0') {
		for (from = p; is_plain(*p); p++)
			;
		if (p > from)
			(void)fwrite_unlocked(from, 1, (size_t)(p - from),
			    j->to);
		if (*p == '\0')
			break;
		if (*p == '"' || *p == '\\')
			fprintf(j->to, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", j->to);
		else
			fprintf(j->to, "\\u%04x", *p);
		p++;
	}
	putc_unlocked('"', j->to);
}

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		putc_unlocked(',', j->to);
	j->comma = true;
	if (key != NULL) {
		put_text(j, key);
		putc_unlocked(':', j->to);
	}
}

void
json_object(struct json *j, const char *key)
{
	begin(j, key);
	putc_unlocked('{', j->to);
	j->comma = false;
}

void
json_object_end(struct json *j)
{
	putc_unlocked('}', j->to);
	j->comma = true;
}

void
json_array(struct json *j, const char *key)
{
	begin(j, key);
	putc_unlocked('[', j->to);
	j->comma = false;
}

void
json_array_end(struct json *j)
{
	putc_unlocked(']', j->to);
	j->comma = true;
}

void
json_string(struct json *j, const char *key, const char *text)
{
	begin(j, key);
	put_text(j, text);
}

void
json_uint(struct json *j, const char *key, uint64_t v)
{
	begin(j, key);
	fprintf(j->to, "%" PRIu64, v);
}

void
json_float(struct json *j, const char *key, double v)
{
	begin(j, key);
	if (isfinite(v))
		fprintf(j->to, "%.9g", v);
	else
		fputs("null", j->to); /* JSON has no infinity */
}

void
json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	fputs(v ? "true" : "false", j->to);
}

void
json_hex(struct json *j, const char *key, const uint8_t *p, size_t n)
{
	size_t i;

	begin(j, key);
	putc_unlocked('"', j->to);
	for (i = 0; i < n; i++)
		fprintf(j->to, "%02x", p[i]);
	putc_unlocked('"', j->to);
}

void
json_done(struct json *j)
{
	putc_unlocked('\n', j->to);
}
