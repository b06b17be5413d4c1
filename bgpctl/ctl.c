/* SPDX-License-Identifier: ISC */
/*
 * The commands, and what all of them do alike: calls, failures, endings.
 */
#include "bgpctl/ctl.h"

#include <stdarg.h>
#include <string.h>

const struct cmd ctl_commands[] = {
	{ "show", NULL, NULL, ctl_show_summary,
	    "the daemon and its neighbors, a line each" },
	{ "show summary", NULL, NULL, ctl_show_summary,
	    "the daemon and its neighbors, a line each" },
	{ "show neighbor", "[ADDR]", NULL, ctl_show_neighbors,
	    "everything about one neighbor, or about all" },
	{ "show rib", "[PREFIX]", ctl_show_rib_opts, ctl_show_rib,
	    "routes: all that are known, or one neighbor's in or out" },
	{ "show info", NULL, NULL, ctl_show_info,
	    "version, AS, listener and table sizes of the daemon" },
	{ "show version", NULL, NULL, ctl_show_info,
	    "version, AS, listener and table sizes of the daemon" },
	{ "show policy", "[NAME]", ctl_show_policy_opts, ctl_show_policy,
	    "policies and their statements" },
	{ "show sets", NULL, NULL, ctl_show_sets, "defined sets" },
	{ "show sets TYPE", NULL, NULL, ctl_show_sets,
	    "those of a type: prefix, neighbor, as-path, community, "
	    "ext-community or large-community" },
	{ "show sets TYPE NAME", NULL, NULL, ctl_show_sets, "one of them" },
	{ "show metrics", NULL, NULL, ctl_show_metrics,
	    "the daemon's numbers as OpenMetrics text" },
	{ "show bmp", NULL, NULL, ctl_show_bmp, "BMP servers" },
	{ "reload", NULL, ctl_reload_opts, ctl_reload,
	    "read the configuration file again and tell what changes" },
	{ "config show", NULL, ctl_config_show_opts, ctl_config_show,
	    "the running configuration as text of its file" },
	{ "config save", NULL, NULL, ctl_config_save,
	    "write the running configuration to its file" },
	{ "config commit FILE", NULL, NULL, ctl_config_commit,
	    "take a file over as the whole configuration and save it; - is "
	    "standard input" },
	{ "config list", NULL, NULL, ctl_config_list,
	    "earlier versions of the configuration file" },
	{ "config rollback N", NULL, NULL, ctl_config_rollback,
	    "take version N over again and save it" },
	{ "log verbose", NULL, NULL, ctl_log_verbose, "log everything" },
	{ "log brief", NULL, NULL, ctl_log_brief,
	    "log what the configuration says" },
	{ "watch neighbors", NULL, ctl_watch_neighbors_opts,
	    ctl_watch_neighbors,
	    "follow them: the table again and again on a terminal, else a "
	    "line for each change" },
	{ "watch routes", "[PREFIX]", ctl_watch_routes_opts, ctl_watch_routes,
	    "follow routes: a line for each that comes, goes or changes" },
	{ "neighbor add ADDR", NULL, ctl_neighbor_add_opts, ctl_neighbor_add,
	    "configure a neighbor: IP, IP:PORT or [IPv6]:PORT" },
	{ "neighbor delete ADDR", NULL, NULL, ctl_neighbor_delete,
	    "end its session and forget it" },
	{ "neighbor ADDR up", NULL, NULL, ctl_neighbor_up, "let it start" },
	{ "neighbor ADDR down", NULL, ctl_neighbor_down_opts, ctl_neighbor_down,
	    "take it down and hold it there" },
	{ "neighbor ADDR clear", NULL, NULL, ctl_neighbor_clear,
	    "close its session and start it again" },
	{ "neighbor ADDR refresh", NULL, ctl_neighbor_refresh_opts,
	    ctl_neighbor_refresh, "exchange routes again, session kept" },
	{ "network add", "PREFIX", ctl_network_add_opts, ctl_network_add,
	    "originate a route" },
	{ "network delete PREFIX", NULL, NULL, ctl_network_delete,
	    "take an originated route back" },
	{ "network bulk add FILE", NULL, NULL, ctl_network_bulk_add,
	    "originate many: a line each as after network add; - is "
	    "standard input" },
	{ "network bulk delete FILE", NULL, NULL, ctl_network_bulk_delete,
	    "take many back: a prefix begins each line" },
	{ "set add TYPE NAME", "[MEMBER ...]", ctl_set_opts, ctl_set_add,
	    "define a set; a prefix may have a range: \"10.0.0.0/8 16..24\"" },
	{ "set replace TYPE NAME", "[MEMBER ...]", ctl_set_opts,
	    ctl_set_replace, "the same, in the place of one of this name" },
	{ "set remove TYPE NAME", NULL, NULL, ctl_set_remove,
	    "forget a set that no policy uses" },
	{ "set clear TYPE", NULL, NULL, ctl_set_clear,
	    "forget every set of a type" },
	{ "policy add NAME", NULL, ctl_policy_opts, ctl_policy_add,
	    "define a policy, or put it in the place of one of this name" },
	{ "policy remove NAME", NULL, NULL, ctl_policy_remove,
	    "forget a policy" },
	{ "policy assign ADDR import", "[NAME ...]", ctl_assign_opts,
	    ctl_policy_assign_import,
	    "what a neighbor's routes pass; none: nothing" },
	{ "policy assign ADDR export", "[NAME ...]", ctl_assign_opts,
	    ctl_policy_assign_export, "what routes to a neighbor pass" },
	{ "policy test ADDR import", "PREFIX", ctl_test_opts,
	    ctl_policy_test_import,
	    "what they make of a route that is there, or, with attributes, "
	    "of one made up" },
	{ "policy test ADDR export", "PREFIX", ctl_test_opts,
	    ctl_policy_test_export, "the same for a route to the neighbor" },
	{ "policy dry-run ADDR import", "[NAME ...]", ctl_dry_run_opts,
	    ctl_policy_dry_run_import,
	    "what an assignment would change, without changing it" },
	{ "policy dry-run ADDR export", "[NAME ...]", ctl_dry_run_opts,
	    ctl_policy_dry_run_export, "the same for routes to the neighbor" },
	{ "bmp add ADDR", NULL, ctl_bmp_add_opts, ctl_bmp_add,
	    "send the BMP feed to IP:PORT" },
	{ "bmp delete ADDR", NULL, NULL, ctl_bmp_delete,
	    "stop sending it there" },
};
const size_t ctl_n_commands = nitems(ctl_commands);

int
ctl_refused(struct ctl *ctl, struct client_status *status)
{
	const char *text = status->message == NULL ? "" : status->message;

	fflush(ctl->out);
	fprintf(ctl->err, "bgpctl: %s\n",
	    text[0] == '\0' ? client_status_name(status->code) : text);
	if (ctl->json_out) {
		json_object(&ctl->json, NULL);
		json_bool(&ctl->json, "success", false);
		json_string(&ctl->json, "code",
		    client_status_name(status->code));
		json_string(&ctl->json, "message", text);
		json_object_end(&ctl->json);
		json_done(&ctl->json);
	}
	client_status_fini(status);
	return CTL_REFUSED;
}

int
ctl_usage(struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	fprintf(ctl->err, "bgpctl: ");
	va_start(ap, fmt);
	(void)vfprintf(ctl->err, fmt, ap);
	va_end(ap);
	fprintf(ctl->err, "\n");
	return CTL_USAGE;
}

int
ctl_done(struct ctl *ctl, const char *message)
{
	if (!ctl->json_out) {
		fprintf(ctl->out, "%s\n", message);
		return CTL_DONE;
	}
	json_object(&ctl->json, NULL);
	json_bool(&ctl->json, "success", true);
	json_string(&ctl->json, "message", message);
	json_object_end(&ctl->json);
	json_done(&ctl->json);
	return CTL_DONE;
}

ProtobufCMessage *
ctl_call(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *reply_type, int *exit_status)
{
	struct client_status status = { 0, NULL };
	ProtobufCMessage *reply;
	char path[96];

	(void)snprintf(path, sizeof(path), "%s%s",
	    method[0] == '/' ? "" : "/bgp.BgpService/", method);
	if (client_unary(ctl->client, path, request, reply_type, &reply,
		&status) == -1) {
		*exit_status = ctl_refused(ctl, &status);
		return NULL;
	}
	client_status_fini(&status);
	*exit_status = CTL_DONE;
	return reply;
}

int
ctl_act(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *reply_type)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(reply_type,
		"message");
	ProtobufCMessage *reply;
	const char *text;
	int status;

	reply = ctl_call(ctl, method, request, reply_type, &status);
	if (reply == NULL)
		return status;
	memcpy(&text, (const char *)reply + field->offset, sizeof(text));
	status = ctl_done(ctl, text);
	protobuf_c_message_free_unpacked(reply, NULL);
	return status;
}

const char *
ctl_color(const struct ctl *ctl, enum ctl_color color)
{
	static const char *const codes[] = {
		[CTL_GOOD] = "\033[32m",
		[CTL_BAD] = "\033[31m",
		[CTL_CARE] = "\033[33m",
		[CTL_QUIET] = "\033[2m",
	};

	return ctl->color ? codes[color] : "";
}

const char *
ctl_color_end(const struct ctl *ctl)
{
	return ctl->color ? "\033[0m" : "";
}

bool
ctl_number(const char *text, uint64_t max, uint64_t *v)
{
	const char *p;

	*v = 0;
	if (text[0] == '\0')
		return false;
	for (p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (*v > (max - (uint64_t)(*p - '0')) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(*p - '0');
	}
	return true;
}
