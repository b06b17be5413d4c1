/* SPDX-License-Identifier: ISC */
/*
 * Route Monitoring messages from what the tables hold (RFC 7854 4.6, RFC 8671,
 * RFC 9069): routes are gathered, ordered by peer and attributes, and written
 * in as few UPDATEs as they fit in.  AS numbers always have four octets.
 */
#ifndef RDE_BMP_WRITE_H
#define RDE_BMP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bmp.h"
#include "common/conf.h"
#include "common/cursor.h"
#include "rde/group.h"
#include "rde/rde.h"

/* The attributes of a path before and after the import policy; 0: the policy
 * rejects it. */
static inline uint32_t
bmp_pre_policy_attrs(const struct rde *rde, const struct rib_path_view *v)
{
	return attrs_received(rde->attrs, v->attrs);
}
static inline uint32_t
bmp_post_policy_attrs(const struct rde *rde, const struct rib_path_view *v)
{
	if (attrs_cause(rde->attrs, v->attrs) != 0)
		return 0;
	return attrs_base(rde->attrs, v->attrs);
}

struct bmp_item {
	struct prefix_key key;
	uint32_t sent; /* SENT(): attributes and kind; 0: withdrawn */
	uint32_t since; /* of the route, rde_seconds(); 0: now */
	uint16_t peer; /* 0: Loc-RIB */
	uint8_t feed; /* enum conf_bmp_feed */
	uint8_t family;
};

struct bmp_items {
	struct bmp_item *list;
	size_t n, max;
	size_t bytes; /* about what they will take */
	uint32_t last[CONF_BMP_FEEDS]; /* `sent` of the last item, by feed */
};

void bmp_items_fini(struct bmp_items *);
void
bmp_items_add(struct bmp_items *, const struct rde *, const struct bmp_item *);

/* The header of a peer (NULL: Loc-RIB) with the flags of a feed. */
void bmp_peer_of(const struct rde *, const struct peer *, uint8_t feed,
    uint32_t secs, struct bmp_peer *);
/*
 * Write them all and forget them.  `real` is the time of day now, `now` the
 * same moment as rde_seconds() has it.  Returns how many messages were
 * written.
 */
size_t bmp_items_write(struct bmp_items *, struct rde *, struct wr *,
    uint32_t real, uint32_t now);
/* End-of-RIB of a feed's family. */
void bmp_end_of_rib(struct wr *, const struct bmp_peer *, enum family);

#endif
