/* SPDX-License-Identifier: ISC */
/*
 * The configuration as a whole: reload, show, save, earlier versions; and
 * how much is logged.
 */
#include "bgpctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bgpctl/diff.h"
#include "common/xmalloc.h"
#include "proto/bgpgg/v1/config.pb-c.h"

const struct cmd_opt ctl_reload_opts[] = {
	{ "dry-run", NULL, "tell what would change, and change nothing" },
	{ NULL, NULL, NULL },
};

const struct cmd_opt ctl_config_show_opts[] = {
	{ "diff", NULL, "what the file would have to become to say the same" },
	{ NULL, NULL, NULL },
};

enum { TEXT_MAX = 4 * 1024 * 1024, CONTEXT = 3 };

static void
put_notes(struct ctl *ctl, size_t n, char *const *notes)
{
	size_t i;

	if (ctl->json_out) {
		json_array(&ctl->json, "notes");
		for (i = 0; i < n; i++)
			json_string(&ctl->json, NULL, notes[i]);
		json_array_end(&ctl->json);
		return;
	}
	/* Beside the text, so that a redirected one stays what it is. */
	fflush(ctl->out);
	for (i = 0; i < n; i++)
		cmd_fold(ctl->err, fprintf(ctl->err, "bgpctl: note: "), 8,
		    notes[i]);
}

/* --- reload */

static void
put_changes_json(struct ctl *ctl, const Bgpgg__V1__ReloadResponse *m)
{
	static const char *const hows[] = { "added", "removed", "changed" };
	const Bgpgg__V1__ConfigChange *c;
	size_t i;

	json_array(&ctl->json, "changes");
	for (i = 0; i < m->n_changes; i++) {
		c = m->changes[i];
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "change",
		    (size_t)c->change < nitems(hows) ? hows[c->change] : "?");
		json_string(&ctl->json, "kind", c->kind);
		json_string(&ctl->json, "name", c->name);
		json_bool(&ctl->json, "resets_session", c->resets_session);
		json_string(&ctl->json, "text", c->text);
		json_object_end(&ctl->json);
	}
	json_array_end(&ctl->json);
	json_uint(&ctl->json, "changes_left_out", m->changes_left_out);
}

static void
put_reload(struct ctl *ctl, const Bgpgg__V1__ReloadResponse *m, bool dry_run)
{
	const Bgpgg__V1__ConfigChange *c;
	size_t i;

	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_bool(&ctl->json, "success", true);
		json_string(&ctl->json, "message", m->message);
		json_bool(&ctl->json, "dry_run", dry_run);
		put_changes_json(ctl, m);
		put_notes(ctl, m->n_notes, m->notes);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
		return;
	}
	put_notes(ctl, m->n_notes, m->notes);
	for (i = 0; i < m->n_changes; i++) {
		c = m->changes[i];
		fprintf(ctl->out, "%s%s%s\n",
		    c->resets_session ? ctl_color(ctl, CTL_CARE) : "", c->text,
		    c->resets_session ? ctl_color_end(ctl) : "");
	}
	if (m->changes_left_out > 0)
		fprintf(ctl->out, "and %u changes more\n", m->changes_left_out);
	fprintf(ctl->out, "%s\n", m->message);
}

int
ctl_reload(struct ctl *ctl, const struct cmd_args *args)
{
	Bgpgg__V1__ReloadRequest m;
	ProtobufCMessage *reply;
	int status;

	bgpgg__v1__reload_request__init(&m);
	m.dry_run = cmd_has(args, "dry-run");
	reply = ctl_call(ctl, "/bgpgg.v1.ConfigService/Reload", &m.base,
	    &bgpgg__v1__reload_response__descriptor, &status);
	if (reply == NULL)
		return status;
	put_reload(ctl, (const void *)reply, m.dry_run);
	protobuf_c_message_free_unpacked(reply, NULL);
	return CTL_DONE;
}

/* --- show */

struct diff_out {
	struct ctl *ctl;
	bool json;
};

static void
on_diff_line(void *arg, enum diff_side side, const char *p, size_t len)
{
	const struct diff_out *out = arg;
	struct ctl *ctl = out->ctl;
	char *text;

	if (out->json) {
		text = xasprintf("%c%.*s", (char)side, (int)len, p);
		json_string(&ctl->json, NULL, text);
		free(text);
		return;
	}
	fprintf(ctl->out, "%s%c%.*s%s\n",
	    side == DIFF_OLD     ? ctl_color(ctl, CTL_BAD) :
		side == DIFF_NEW ? ctl_color(ctl, CTL_GOOD) :
				   "",
	    (char)side, (int)len, p,
	    side == DIFF_BOTH ? "" : ctl_color_end(ctl));
}

static void
on_diff_gap(void *arg, size_t old_line, size_t new_line)
{
	const struct diff_out *out = arg;
	struct ctl *ctl = out->ctl;

	if (!out->json)
		fprintf(ctl->out, "%s@@ -%zu +%zu @@%s\n",
		    ctl_color(ctl, CTL_QUIET), old_line, new_line,
		    ctl_color_end(ctl));
}

static int
show_diff(struct ctl *ctl, const Bgp__GetRunningConfigResponse *running)
{
	static const struct diff_ops ops = { on_diff_line, on_diff_gap,
		CONTEXT };
	const Bgpgg__V1__GetFileConfigResponse *file;
	Bgpgg__V1__GetFileConfigRequest m;
	struct diff_out out = { ctl, ctl->json_out };
	ProtobufCMessage *reply;
	size_t differ;
	int status;

	bgpgg__v1__get_file_config_request__init(&m);
	reply = ctl_call(ctl, "/bgpgg.v1.ConfigService/GetFileConfig", &m.base,
	    &bgpgg__v1__get_file_config_response__descriptor, &status);
	if (reply == NULL)
		return status;
	file = (const void *)reply;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "file", file->file);
		json_array(&ctl->json, "diff");
	} else {
		fprintf(ctl->out, "--- %s\n+++ running configuration\n",
		    file->file);
	}
	differ = diff_texts(file->text, strlen(file->text), running->text,
	    strlen(running->text), &ops, &out);
	if (ctl->json_out) {
		json_array_end(&ctl->json);
		json_uint(&ctl->json, "lines", differ);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else if (differ == 0) {
		fprintf(ctl->out, "no difference\n");
	}
	protobuf_c_message_free_unpacked(reply, NULL);
	return CTL_DONE;
}

int
ctl_config_show(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__GetRunningConfigRequest m;
	Bgp__GetRunningConfigResponse *reply;
	int status;

	bgp__get_running_config_request__init(&m);
	reply = (void *)ctl_call(ctl, "GetRunningConfig", &m.base,
	    &bgp__get_running_config_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (cmd_has(args, "diff")) {
		status = show_diff(ctl, reply);
	} else if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_string(&ctl->json, "text", reply->text);
		put_notes(ctl, reply->n_notes, reply->notes);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else {
		fputs(reply->text, ctl->out);
		put_notes(ctl, reply->n_notes, reply->notes);
	}
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return status;
}

/* --- what writes the file; the three replies have the same members */

_Static_assert(sizeof(Bgp__SaveConfigResponse) ==
	    sizeof(Bgp__CommitConfigResponse) &&
	sizeof(Bgp__SaveConfigResponse) == sizeof(Bgp__RollbackConfigResponse),
    "replies of one form");

static int
write_file(struct ctl *ctl, const char *method, const ProtobufCMessage *m,
    const ProtobufCMessageDescriptor *type)
{
	const Bgp__SaveConfigResponse *r;
	ProtobufCMessage *reply;
	int status;
	size_t i;

	reply = ctl_call(ctl, method, m, type, &status);
	if (reply == NULL)
		return status;
	r = (const void *)reply;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_bool(&ctl->json, "success", true);
		json_string(&ctl->json, "message", r->message);
		json_array(&ctl->json, "changes");
		for (i = 0; i < r->n_changes; i++)
			json_string(&ctl->json, NULL, r->changes[i]);
		json_array_end(&ctl->json);
		put_notes(ctl, r->n_notes, r->notes);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	} else {
		put_notes(ctl, r->n_notes, r->notes);
		for (i = 0; i < r->n_changes; i++)
			fprintf(ctl->out, "%s\n", r->changes[i]);
		fprintf(ctl->out, "%s\n", r->message);
	}
	protobuf_c_message_free_unpacked(reply, NULL);
	return CTL_DONE;
}

int
ctl_config_save(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__SaveConfigRequest m;

	(void)args;
	bgp__save_config_request__init(&m);
	return write_file(ctl, "SaveConfig", &m.base,
	    &bgp__save_config_response__descriptor);
}

/* All of a file, with a NUL; NULL after telling. */
static char *
read_text(struct ctl *ctl, const char *file)
{
	size_t len = 0, size = 65536;
	char *text;
	ssize_t n;
	int fd;

	fd = strcmp(file, "-") == 0 ? STDIN_FILENO :
				      open(file, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		(void)ctl_usage(ctl, "%s: %s", file, strerror(errno));
		return NULL;
	}
	text = xmalloc(size + 1);
	for (;;) {
		n = read(fd, text + len, size - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len == size) {
			size *= 2;
			text = xreallocarray(text, size + 1, 1);
		}
		if (len > TEXT_MAX)
			break;
	}
	if (n == -1)
		(void)ctl_usage(ctl, "%s: %s", file, strerror(errno));
	else if (n > 0)
		(void)ctl_usage(ctl, "%s: longer than a request may be", file);
	else if (memchr(text, '\0', len) != NULL)
		(void)ctl_usage(ctl, "%s: is no text", file);
	if (fd != STDIN_FILENO)
		close(fd);
	if (n != 0 || memchr(text, '\0', len) != NULL) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

int
ctl_config_commit(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__CommitConfigRequest m;
	char *text = read_text(ctl, args->values[0]);
	int status;

	if (text == NULL)
		return CTL_USAGE;
	bgp__commit_config_request__init(&m);
	m.text = text;
	status = write_file(ctl, "CommitConfig", &m.base,
	    &bgp__commit_config_response__descriptor);
	free(text);
	return status;
}

int
ctl_config_rollback(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__RollbackConfigRequest m;
	uint64_t v;

	if (!ctl_number(args->values[0], UINT32_MAX, &v))
		return ctl_usage(ctl, "\"%s\" is no version (config list)",
		    args->values[0]);
	bgp__rollback_config_request__init(&m);
	m.index = (uint32_t)v;
	return write_file(ctl, "RollbackConfig", &m.base,
	    &bgp__rollback_config_response__descriptor);
}

static void
put_version(struct ctl *ctl, const Bgp__ConfigSnapshot *s)
{
	time_t t = (time_t)s->mtime_unix;
	char text[40];
	struct tm tm;

	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_uint(&ctl->json, "index", s->index);
		json_uint(&ctl->json, "mtime_unix", s->mtime_unix);
		json_uint(&ctl->json, "size_bytes", s->size_bytes);
		json_object_end(&ctl->json);
		return;
	}
	if (localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		text[0] = '\0';
	fprintf(ctl->out, "%7u  %-19s %12llu\n", s->index, text,
	    (unsigned long long)s->size_bytes);
}

int
ctl_config_list(struct ctl *ctl, const struct cmd_args *args)
{
	Bgp__ListConfigSnapshotsRequest m;
	Bgp__ListConfigSnapshotsResponse *reply;
	int status;
	size_t i;

	(void)args;
	bgp__list_config_snapshots_request__init(&m);
	reply = (void *)ctl_call(ctl, "ListConfigSnapshots", &m.base,
	    &bgp__list_config_snapshots_response__descriptor, &status);
	if (reply == NULL)
		return status;
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_array(&ctl->json, "versions");
	} else if (reply->n_snapshots == 0) {
		fprintf(ctl->out, "No earlier versions\n");
	} else {
		fprintf(ctl->out, "%7s  %-19s %12s\n", "Version", "Written",
		    "Bytes");
	}
	for (i = 0; i < reply->n_snapshots; i++)
		put_version(ctl, reply->snapshots[i]);
	if (ctl->json_out) {
		json_array_end(&ctl->json);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	}
	protobuf_c_message_free_unpacked(&reply->base, NULL);
	return CTL_DONE;
}

/* --- log */

static int
set_level(struct ctl *ctl, bool verbose)
{
	Bgpgg__V1__SetLogLevelRequest m;

	bgpgg__v1__set_log_level_request__init(&m);
	m.verbose = verbose;
	return ctl_act(ctl, "/bgpgg.v1.ConfigService/SetLogLevel", &m.base,
	    &bgpgg__v1__set_log_level_response__descriptor);
}

int
ctl_log_verbose(struct ctl *ctl, const struct cmd_args *args)
{
	(void)args;
	return set_level(ctl, true);
}

int
ctl_log_brief(struct ctl *ctl, const struct cmd_args *args)
{
	(void)args;
	return set_level(ctl, false);
}
