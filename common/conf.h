/* SPDX-License-Identifier: ISC */
/*
 * The configuration as a value: immutable once built, numbered by a
 * generation.  bgpd owns the text and the model; each child holds a copy of
 * the last committed generation, received through msg_conf.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/afi.h"
#include "common/compat.h"
#include "common/conf_policy.h"
#include "common/log.h"
#include "common/nlri.h"

enum conf_origin { /* who put an object there */
	CONF_FROM_FILE,
	CONF_FROM_API,
};

enum conf_max_prefix_action {
	CONF_MAX_PREFIX_TERMINATE,
	CONF_MAX_PREFIX_DISCARD,
};

enum conf_default { /* what becomes of a route that no policy decided on */
	CONF_DEFAULT_UNSAID, /* rejected; accepted where there is no policy */
	CONF_DEFAULT_ACCEPT,
	CONF_DEFAULT_REJECT,
};

enum conf_direction { CONF_IMPORT, CONF_EXPORT, CONF_DIRECTION__MAX };
/* The policies of a peer in a direction. */
struct conf_assignment {
	char **policies; /* names */
	uint16_t n;
	uint8_t dflt; /* enum conf_default */
	bool runtime; /* assigned through the API */
};

#define CONF_NEVER UINT32_MAX /* an unset optional time */
#define CONF_NAME_MAX 255 /* bytes of a policy's or a set's name */
#define CONF_POLICIES_MAX 100 /* of a peer, a direction */

/* A file that only the parent reads, named in the configuration. */
struct conf_file {
	char *path; /* NULL: there is none */
	uint32_t line; /* where it is named */
	uint32_t column;
	char *text; /* its contents and a NUL; NULL before they are read */
	size_t len;
};
enum {
	CONF_FILE_MAX = 64 * 1024, /* of one file ... */
	CONF_FILES_MAX = 112 * 1024, /* ... and of one listener's together */
};

/* Who may do what at a listener of the API. */
struct conf_access {
	bool read_only;
	struct conf_file certificate; /* PEM, with its chain: TLS */
	struct conf_file key; /* PEM, of the certificate */
	struct conf_file client_ca; /* PEM: clients must show a certificate */
	struct conf_file tokens; /* one a line: clients must show one */
};

struct conf_endpoint {
	struct addr addr; /* ADDR_NONE: a unix socket at path */
	uint16_t port;
	char *path;
	struct conf_access *access; /* NULL: plain, everything allowed */
};

struct conf_peer {
	struct addr addr; /* identity of the peer */
	uint16_t port;
	uint8_t origin; /* enum conf_origin */
	uint32_t line; /* of the file, 0 from the API */
	uint32_t remote_as; /* 0: any */
	uint16_t hold_time; /* seconds, after the top level's default */
	struct addr
	    local_addr; /* ADDR_NONE: as the listener, or the kernel's */
	uint32_t idle_hold_secs; /* CONF_NEVER: no automatic start, restart */
	bool damp_oscillations;
	bool allow_automatic_stop;
	bool passive;
	uint32_t delay_open_secs; /* CONF_NEVER: DelayOpen off */
	bool has_max_prefix;
	uint32_t max_prefix;
	uint8_t max_prefix_action;
	bool notification_without_open;
	bool collision_established;
	bool enforce_first_as; /* eBGP: paths must begin with the peer */
	uint32_t mrai_secs; /* 0: none */
	bool gr_enabled;
	uint16_t gr_time; /* seconds, 0 to 4095 */
	uint32_t families; /* bits of FAMILY_BIT() */
	struct conf_assignment policy[CONF_DIRECTION__MAX];
};

struct conf_network { /* a locally originated route */
	struct nlri nlri;
	uint8_t *attrs; /* canonical wire form, see bgp_attr.h */
	uint16_t attrs_len;
};

enum conf_bmp_feed { /* what a BMP server is sent */
	CONF_BMP_IN_PRE = 0x01, /* Adj-RIB-In before policy */
	CONF_BMP_IN_POST = 0x02, /* and after it */
	CONF_BMP_LOC_RIB = 0x04, /* RFC 9069 */
	CONF_BMP_OUT = 0x08, /* Adj-RIB-Out after policy, RFC 8671 */
	CONF_BMP_OUT_PRE = 0x10, /* and before it */
	CONF_BMP_MIRROR = 0x20, /* malformed messages */
	CONF_BMP_FEEDS = 0x3f,
};
#define CONF_BMP_BUFFER (8u * 1024 * 1024)
#define CONF_BMP_BUFFER_MIN (1024u * 1024)
#define CONF_BMP_BUFFER_MAX (1024u * 1024 * 1024)
enum { CONF_BMP_SERVERS_MAX = 256 };

struct conf_bmp_server {
	struct addr addr;
	uint16_t port;
	uint8_t origin; /* enum conf_origin */
	uint32_t line; /* of the file, 0 from the API */
	uint32_t again; /* times that it was added again: a try at once each */
	uint64_t statistics_secs; /* 0: none */
	uint32_t buffer_bytes; /* that it may cost while it is slow */
	bool pre_policy;
	bool post_policy;
	bool loc_rib;
	bool adj_rib_out;
	bool adj_rib_out_pre;
	bool mirroring;
};

struct conf {
	uint32_t generation;
	uint32_t asn;
	uint32_t router_id; /* host order */
	uint32_t cluster_id;
	uint16_t hold_time;
	uint32_t connect_retry_secs;
	bool accept_unconfigured_peers;
	bool ebgp_requires_policy;
	enum log_level log_level;
	enum log_format log_format;
	uint32_t grpc_max_reply_bytes;
	uint32_t grpc_unread_secs; /* an answer may lie for so long */
	bool grpc_reflection;
	char *user;
	char *sys_name;
	char *sys_descr;
	char *pid_file; /* NULL: none */
	char *state_dir; /* NULL: none */
	struct conf_endpoint *listen;
	uint16_t n_listen;
	struct conf_endpoint *grpc_listen;
	uint16_t n_grpc_listen;
	struct conf_endpoint *metrics_listen; /* HTTP of apid */
	uint16_t n_metrics_listen;
	struct conf_peer *peers; /* sorted by address */
	uint32_t n_peers;
	struct conf_network *networks;
	uint32_t n_networks;
	struct conf_bmp_server *bmp_servers;
	uint16_t n_bmp_servers;
	struct conf_set **sets; /* sorted by kind and name; a reference each */
	uint32_t n_sets;
	struct conf_policy **policies; /* sorted by name; a reference each */
	uint32_t n_policies;
};

struct conf *conf_new(void); /* all defaults, no lists */
void conf_free(struct conf *); /* NULL is fine */

struct conf *conf_copy(const struct conf *);

/* Append a deep copy. */
void conf_listen_append(struct conf *, const struct conf_endpoint *);
void conf_grpc_listen_append(struct conf *, const struct conf_endpoint *);
void conf_metrics_listen_append(struct conf *, const struct conf_endpoint *);
void conf_network_append(struct conf *, const struct conf_network *);
void conf_bmp_server_append(struct conf *, const struct conf_bmp_server *);
/* Binary search; NULL if there is none. */
struct conf_set *
conf_set_find(const struct conf *, enum conf_set_kind, const char *name);
struct conf_policy *conf_policy_find(const struct conf *, const char *name);
/* Put into its place, instead of one of the same name; takes the reference
 * over. */
void conf_set_put(struct conf *, struct conf_set *);
void conf_policy_put(struct conf *, struct conf_policy *);
void conf_set_remove(struct conf *, enum conf_set_kind, const char *name);
void conf_policy_remove(struct conf *, const char *name);
/* The first policy that names the set, NULL if none does. */
const struct conf_policy *
conf_set_user(const struct conf *, enum conf_set_kind, const char *name);
void conf_assignment_fini(struct conf_assignment *);
void conf_assignment_copy(struct conf_assignment *to,
    const struct conf_assignment *from);
bool conf_assignment_equal(const struct conf_assignment *,
    const struct conf_assignment *);

void conf_endpoint_fini(struct conf_endpoint *);
struct conf_access *conf_access_copy(const struct conf_access *);
void conf_access_free(struct conf_access *); /* wipes; NULL is fine */
/* The same rights by the same contents; NULL is fine. */
bool conf_access_equal(const struct conf_access *, const struct conf_access *);
void conf_network_fini(struct conf_network *);
void conf_bmp_server_fini(struct conf_bmp_server *);
/* What is sent to a server that is not told otherwise. */
void conf_bmp_server_init(struct conf_bmp_server *);
/* By its address; NULL if there is none. */
const struct conf_bmp_server *
conf_bmp_server_find(const struct conf *, const struct addr *, uint16_t port);
void conf_bmp_server_remove(struct conf *, const struct addr *, uint16_t port);
/* True if nothing differs but where it comes from. */
bool conf_bmp_server_equal(const struct conf_bmp_server *,
    const struct conf_bmp_server *);
uint8_t conf_bmp_feeds(const struct conf_bmp_server *); /* conf_bmp_feed */
/* The same address and port, or the same path. */
bool
conf_endpoint_equal(const struct conf_endpoint *, const struct conf_endpoint *);

/* Defaults of a peer that is configured under c (c may be NULL). */
void conf_peer_init(struct conf_peer *, const struct conf *c);
void conf_peer_fini(struct conf_peer *);
void conf_peer_copy(struct conf_peer *to, const struct conf_peer *from);
/* Binary search; NULL if there is none. */
const struct conf_peer *
conf_peer_find(const struct conf *, const struct addr *);
/* Insert a deep copy in address order; the caller checked that it is new. */
void conf_peer_add(struct conf *, const struct conf_peer *);
void conf_peer_remove(struct conf *, const struct addr *);
/*
 * True if the running session of `a` must be reset to become `b`: what was
 * said in the OPEN or the connection itself differs.
 */
bool
conf_peer_needs_reset(const struct conf_peer *a, const struct conf_peer *b);
/* True if nothing differs but the line of the file. */
bool conf_peer_equal(const struct conf_peer *, const struct conf_peer *);

#endif
