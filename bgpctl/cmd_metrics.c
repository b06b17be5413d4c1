/* SPDX-License-Identifier: ISC */
/*
 * show metrics: the text as the daemon gives it, or its samples as JSON.
 */
#include "bgpctl/ctl.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "proto/bgpgg/v1/metrics.pb-c.h"

/* A quoted value at *p, its escapes undone in place; NULL if it has no
 * end.  *p is moved behind it. */
static char *
unquote(char **p)
{
	char *from = *p, *to, *value;

	if (*from++ != '"')
		return NULL;
	value = to = from;
	for (; *from != '"'; from++) {
		if (*from == '\0')
			return NULL;
		if (*from == '\\') {
			from++;
			if (*from == '\0')
				return NULL;
			*to++ = (char)(*from == 'n' ? '\n' : *from);
		} else
			*to++ = *from;
	}
	*p = from + 1;
	*to = '\0';
	return value;
}

/* `{NAME="VALUE",...}` at *p; false if it is not of that form. */
static bool
put_labels(struct json *j, char **p)
{
	char *name, *value;

	do {
		name = ++*p;
		*p = strchr(*p, '=');
		if (*p == NULL)
			return false;
		*(*p)++ = '\0';
		value = unquote(p);
		if (value == NULL)
			return false;
		json_string(j, name, value);
	} while (**p == ',');
	return *(*p)++ == '}';
}

/* One line, changed on the way. */
static void
put_line(struct json *j, char *line)
{
	char *p = line + strcspn(line, "{ ");
	bool labels = *p == '{', ok = true;
	uint64_t v;

	if (line[0] == '#' || *p == '\0')
		return;
	json_object(j, NULL);
	*p = '\0';
	json_string(j, "name", line);
	json_object(j, "labels");
	if (labels)
		ok = put_labels(j, &p);
	json_object_end(j);
	if (!labels)
		p++;
	if (ok)
		p += strspn(p, " ");
	if (ok && ctl_number(p, UINT64_MAX, &v))
		json_uint(j, "value", v);
	else if (ok)
		json_float(j, "value", strtod(p, NULL));
	json_object_end(j);
}

/* Messages end at ends of lines. */
static bool
on_text(void *arg, const ProtobufCMessage *message)
{
	const Bgpgg__V1__GetMetricsResponse *m = (const void *)message;
	struct ctl *ctl = arg;
	char *text, *line, *next;

	if (!ctl->json_out) {
		fputs(m->text, ctl->out);
		return !ferror(ctl->out);
	}
	text = xstrdup(m->text);
	for (line = text; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		put_line(&ctl->json, line);
	}
	free(text);
	return !ferror(ctl->out);
}

int
ctl_show_metrics(struct ctl *ctl, const struct cmd_args *args)
{
	struct client_status status = { 0, NULL };
	Bgpgg__V1__GetMetricsRequest m;
	int failed;

	(void)args;
	bgpgg__v1__get_metrics_request__init(&m);
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_array(&ctl->json, "metrics");
	}
	failed =
	    client_stream(ctl->client, "/bgpgg.v1.MetricsService/GetMetrics",
		&m.base, &bgpgg__v1__get_metrics_response__descriptor, on_text,
		ctl, &status);
	if (ctl->json_out) {
		json_array_end(&ctl->json);
		json_bool(&ctl->json, "complete", !failed);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	}
	if (!failed) {
		client_status_fini(&status);
		return CTL_DONE;
	}
	if (ctl->json_out)
		json_init(&ctl->json, ctl->out);
	return ctl_refused(ctl, &status);
}
