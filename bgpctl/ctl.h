/* SPDX-License-Identifier: ISC */
/*
 * bgpctl: what its parts share.  Private to the directory.
 */
#ifndef BGPCTL_CTL_H
#define BGPCTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bgpctl/client.h"
#include "bgpctl/cmd.h"
#include "bgpctl/json.h"
#include "common/compat.h"
#include "proto/bgp.pb-c.h"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* the daemon said no, or failed */
	CTL_USAGE = 2,
	CTL_NO_DAEMON = 3,
};

struct ctl {
	struct client *client;
	const char *endpoint;
	bool json_out;
	bool color; /* of text, on a terminal */
	struct json json;
	FILE *out;
	FILE *err;
};

/* A unary call of bgp.BgpService, or of the full name "/SERVICE/METHOD"; the
 * reply or NULL, and then the failure has been told and *status is the exit
 * status. */
ProtobufCMessage *
ctl_call(struct ctl *, const char *method, const ProtobufCMessage *,
    const ProtobufCMessageDescriptor *reply, int *status);
/* A unary call whose reply has a `message`, which is told; returns the exit
 * status. */
int ctl_act(struct ctl *, const char *method, const ProtobufCMessage *,
    const ProtobufCMessageDescriptor *reply);
/* Tell a failed call; returns the exit status. */
int ctl_refused(struct ctl *, struct client_status *);
/* Tell a wrong command line; returns the exit status. */
int ctl_usage(struct ctl *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Tell that something was done. */
int ctl_done(struct ctl *, const char *message);

/* Words on a terminal that shows colors: the escape that begins one and the
 * one that ends it; both empty elsewhere. */
enum ctl_color { CTL_GOOD, CTL_BAD, CTL_CARE, CTL_QUIET };
const char *ctl_color(const struct ctl *, enum ctl_color);
const char *ctl_color_end(const struct ctl *);

/* Numbers of a command line; false if the text is none up to max. */
bool ctl_number(const char *, uint64_t max, uint64_t *) ATTR_CHECK;

extern const struct cmd ctl_commands[];
extern const size_t ctl_n_commands;

/* cmd_peer.c */
int ctl_show_summary(struct ctl *, const struct cmd_args *);
int ctl_show_info(struct ctl *, const struct cmd_args *);
int ctl_show_neighbors(struct ctl *, const struct cmd_args *);
int ctl_neighbor_add(struct ctl *, const struct cmd_args *);
int ctl_neighbor_delete(struct ctl *, const struct cmd_args *);
int ctl_neighbor_up(struct ctl *, const struct cmd_args *);
int ctl_neighbor_down(struct ctl *, const struct cmd_args *);
int ctl_neighbor_clear(struct ctl *, const struct cmd_args *);
int ctl_neighbor_refresh(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_neighbor_add_opts[];
extern const struct cmd_opt ctl_neighbor_down_opts[];
extern const struct cmd_opt ctl_neighbor_refresh_opts[];

/* A line for each neighbor, as in show summary. */
void ctl_put_neighbor_head(struct ctl *);
void ctl_put_neighbor_row(struct ctl *, const Bgp__Peer *);
void ctl_put_neighbor_json(struct ctl *, const Bgp__Peer *);

/* cmd_config.c */
int ctl_reload(struct ctl *, const struct cmd_args *);
int ctl_config_show(struct ctl *, const struct cmd_args *);
int ctl_config_save(struct ctl *, const struct cmd_args *);
int ctl_config_commit(struct ctl *, const struct cmd_args *);
int ctl_config_list(struct ctl *, const struct cmd_args *);
int ctl_config_rollback(struct ctl *, const struct cmd_args *);
int ctl_log_verbose(struct ctl *, const struct cmd_args *);
int ctl_log_brief(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_reload_opts[];
extern const struct cmd_opt ctl_config_show_opts[];

/* cmd_watch.c */
int ctl_watch_neighbors(struct ctl *, const struct cmd_args *);
int ctl_watch_routes(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_watch_neighbors_opts[];
extern const struct cmd_opt ctl_watch_routes_opts[];

/* cmd_route.c */
int ctl_show_rib(struct ctl *, const struct cmd_args *);
int ctl_network_add(struct ctl *, const struct cmd_args *);
int ctl_network_delete(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_show_rib_opts[];
extern const struct cmd_opt ctl_network_add_opts[];

/* cmd_bulk.c */
int ctl_network_bulk_add(struct ctl *, const struct cmd_args *);
int ctl_network_bulk_delete(struct ctl *, const struct cmd_args *);

/* cmd_bmp.c */
int ctl_show_bmp(struct ctl *, const struct cmd_args *);
int ctl_bmp_add(struct ctl *, const struct cmd_args *);
int ctl_bmp_delete(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_bmp_add_opts[];

/* cmd_metrics.c */
int ctl_show_metrics(struct ctl *, const struct cmd_args *);

/* cmd_policy.c */
int ctl_show_policy(struct ctl *, const struct cmd_args *);
int ctl_show_sets(struct ctl *, const struct cmd_args *);
int ctl_set_add(struct ctl *, const struct cmd_args *);
int ctl_set_replace(struct ctl *, const struct cmd_args *);
int ctl_set_remove(struct ctl *, const struct cmd_args *);
int ctl_set_clear(struct ctl *, const struct cmd_args *);
int ctl_policy_add(struct ctl *, const struct cmd_args *);
int ctl_policy_remove(struct ctl *, const struct cmd_args *);
int ctl_policy_assign_import(struct ctl *, const struct cmd_args *);
int ctl_policy_assign_export(struct ctl *, const struct cmd_args *);
int ctl_policy_test_import(struct ctl *, const struct cmd_args *);
int ctl_policy_test_export(struct ctl *, const struct cmd_args *);
int ctl_policy_dry_run_import(struct ctl *, const struct cmd_args *);
int ctl_policy_dry_run_export(struct ctl *, const struct cmd_args *);
extern const struct cmd_opt ctl_show_policy_opts[];
extern const struct cmd_opt ctl_set_opts[];
extern const struct cmd_opt ctl_assign_opts[];
extern const struct cmd_opt ctl_test_opts[];
extern const struct cmd_opt ctl_dry_run_opts[];

/* policy_words.c: the statements of policy add. */
extern const struct cmd_opt ctl_policy_opts[];

/* message.c: any message, by its descriptor. */
void
ctl_put_message_json(struct ctl *, const char *key, const ProtobufCMessage *);
/* Members that are there, a line each behind the indent; a list, or a
 * message in it, is one line. */
void ctl_put_members(FILE *, int indent, const ProtobufCMessage *);

/* show_route.c: one Route as text or JSON. */
void ctl_put_route(struct ctl *, const Bgp__Route *, bool detail);
void ctl_put_route_head(struct ctl *);
/* What became of a prefix, in a line behind this one. */
void ctl_put_route_change(FILE *, const char *head, const Bgp__Route *);
void ctl_put_path_attributes(FILE *, const Bgp__Path *);
void ctl_put_path_json(struct json *, const char *key, const Bgp__Path *);

#endif
