/* SPDX-License-Identifier: ISC */
/*
 * JSON writer (RFC 8259).
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

static void
put_text(struct json *j, const char *text)
{
	const unsigned char *p;

	putc('"', j->to);
	for (p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(j->to, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", j->to);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(j->to, "\\u%04x", *p);
		else
			putc(*p, j->to);
	}
	putc('"', j->to);
}

static void
begin(struct json *j, const char *key)
{
	if (j->comma)
		putc(',', j->to);
	j->comma = true;
	if (key != NULL) {
		put_text(j, key);
		putc(':', j->to);
	}
}

void
json_object(struct json *j, const char *key)
{
	begin(j, key);
	putc('{', j->to);
	j->comma = false;
}

void
json_object_end(struct json *j)
{
	putc('}', j->to);
	j->comma = true;
}

void
json_array(struct json *j, const char *key)
{
	begin(j, key);
	putc('[', j->to);
	j->comma = false;
}

void
json_array_end(struct json *j)
{
	putc(']', j->to);
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
	putc('"', j->to);
	for (i = 0; i < n; i++)
		fprintf(j->to, "%02x", p[i]);
	putc('"', j->to);
}

void
json_done(struct json *j)
{
	putc('\n', j->to);
}
