/* SPDX-License-Identifier: ISC */
/* Channels: framing, descriptors, the catalogue's checks, bounds. */
#include "common/chan.h"

#include <sys/socket.h>

#include <check.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct end {
	struct chan *chan;
	unsigned int got;
	uint32_t last_id;
	size_t last_len;
	uint8_t last_byte;
	int last_fd;
	bool closed;
	bool violated;
	bool drained;
	bool yields; /* after each message */
	unsigned int begun, ended; /* batches */
};

static struct event_base *base;

static void
on_any(void *ctx, const struct msg *m)
{
	struct end *e = ctx;

	e->got++;
	e->last_id = m->hdr.id;
	e->last_len = m->hdr.len;
	e->last_byte = m->hdr.len > 0 ? m->data[m->hdr.len - 1] : 0;
	e->last_fd = m->fd;
	if (e->yields)
		chan_yield(e->chan);
}

static void
on_close(void *ctx, const char *why)
{
	struct end *e = ctx;

	e->closed = true;
	e->violated = why != NULL;
	chan_free(e->chan);
	e->chan = NULL;
}

static void
on_drain(void *ctx)
{
	((struct end *)ctx)->drained = true;
}

static void
on_batch_begin(void *ctx)
{
	((struct end *)ctx)->begun++;
}

static void
on_batch_end(void *ctx)
{
	((struct end *)ctx)->ended++;
}

static chan_handler handlers[MSG__MAX];
static const struct chan_ops ops = {
	.handlers = handlers,
	.on_close = on_close,
	.on_drain = on_drain,
	.on_batch_begin = on_batch_begin,
	.on_batch_end = on_batch_end,
};

static void
pair(struct end *a, struct end *b, enum proc pa, enum proc pb)
{
	int sv[2];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	for (int i = 1; i < MSG__MAX; i++)
		handlers[i] = on_any;
	base = event_base_new();
	event_base_priority_init(base, 3);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	a->chan = chan_new(base, sv[0], pa, pb, &ops, a, 0);
	b->chan = chan_new(base, sv[1], pb, pa, &ops, b, 0);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
unpair(struct end *a, struct end *b)
{
	chan_free(a->chan);
	chan_free(b->chan);
	event_base_free(base);
}

START_TEST(a_message_arrives_with_its_header)
{
	struct end s, r;

	pair(&s, &r, PROC_SESSIOND, PROC_RDE);
	chan_send_buf(s.chan, MSG_REFRESH, 7, 9, "abcd", 4);
	turn();
	ck_assert_uint_eq(r.got, 1);
	ck_assert_uint_eq(r.last_id, 7);
	ck_assert_uint_eq(r.last_len, 4);
	ck_assert_int_eq(r.last_byte, 'd');
	unpair(&s, &r);
}
END_TEST

START_TEST(a_descriptor_rides_with_its_message_only)
{
	struct end p, c;
	int sv[2];

	pair(&p, &c, PROC_BGPD, PROC_RDE);
	ck_assert_int_eq(pipe(sv), 0);
	chan_send_buf(p.chan, MSG_CONF_BEGIN, 1, 0, NULL, 0);
	chan_send(p.chan, MSG_LINK, PROC_SESSIOND, 0, NULL, 0, sv[0]);
	turn();
	ck_assert_uint_eq(c.got, 2);
	ck_assert_int_ne(c.last_fd, -1);
	ck_assert_int_eq((int)write(sv[1], "x", 1), 1);
	char x = 0;
	ck_assert_int_eq((int)read(c.last_fd, &x, 1), 1);
	ck_assert_int_eq(x, 'x');
	close(c.last_fd);
	close(sv[1]);
	unpair(&p, &c);
}
END_TEST

START_TEST(a_full_socket_queues_and_drains_in_order)
{
	struct end s, r;
	static uint8_t block[MSG_BATCH_MAX];

	pair(&s, &r, PROC_SESSIOND, PROC_RDE);
	unsigned int n = 0;
	while (!chan_congested(s.chan)) {
		block[sizeof(block) - 1] = (uint8_t)n++;
		chan_send_buf(s.chan, MSG_UPDATES, n, 1, block, sizeof(block));
	}
	ck_assert_uint_gt(chan_queued(s.chan), CHAN_HIGH_MARK);
	for (int i = 0; i < 1000 && r.got < n; i++)
		turn();
	ck_assert_uint_eq(r.got, n);
	ck_assert_uint_eq(r.last_id, n);
	ck_assert_int_eq(r.last_byte, (uint8_t)(n - 1));
	ck_assert(s.drained);
	ck_assert(!chan_congested(s.chan));
	ck_assert_uint_eq(chan_queued(s.chan), 0);
	unpair(&s, &r);
}
END_TEST

/* A raw header written past the sender's own checks. */
static void
inject(struct end *r, enum proc self, enum proc peer, struct msg_hdr h)
{
	int sv[2];
	static uint8_t pad[64];

	memset(r, 0, sizeof(*r));
	for (int i = 1; i < MSG__MAX; i++)
		handlers[i] = i == MSG_LOG_LEVEL ? NULL : on_any;
	base = event_base_new();
	event_base_priority_init(base, 3);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	r->chan = chan_new(base, sv[0], self, peer, &ops, r, 0);
	ck_assert_int_eq((int)write(sv[1], &h, sizeof(h)), (int)sizeof(h));
	ck_assert_int_eq((int)write(sv[1], pad, 60), 60);
	turn();
	close(sv[1]);
	chan_free(r->chan);
	event_base_free(base);
}

static const struct {
	enum proc self, peer;
	struct msg_hdr h;
} bad[] = {
	{ PROC_RDE, PROC_APID, { .type = MSG_UPDATES, .len = 23 } },
	{ PROC_RDE, PROC_SESSIOND, { .type = MSG_UPDATES, .len = 22 } },
	{ PROC_RDE, PROC_SESSIOND,
	    { .type = MSG_UPDATES, .len = MSG_BATCH_MAX + 1 } },
	{ PROC_RDE, PROC_SESSIOND, { .type = MSG__NONE } },
	{ PROC_RDE, PROC_SESSIOND, { .type = MSG__MAX } },
	{ PROC_RDE, PROC_BGPD, { .type = MSG_LINK } },
	{ PROC_RDE, PROC_BGPD, { .type = MSG_LINK, .flags = 1 } },
	{ PROC_RDE, PROC_BGPD, { .type = MSG_SHUTDOWN, .flags = 1 } },
	{ PROC_RDE, PROC_BGPD, { .type = MSG_LOG_LEVEL, .len = 1 } },
	{ PROC_APID, PROC_RDE, { .type = MSG_TX, .len = 60 } },
};

START_TEST(a_message_that_breaks_the_catalogue_closes)
{
	struct end r;

	inject(&r, bad[_i].self, bad[_i].peer, bad[_i].h);
	ck_assert_uint_eq(r.got, 0);
	ck_assert(r.closed);
	ck_assert(r.violated);
}
END_TEST

START_TEST(an_end_of_file_closes_without_blame)
{
	struct end s, r;

	pair(&s, &r, PROC_SESSIOND, PROC_RDE);
	chan_free(s.chan);
	s.chan = NULL;
	turn();
	ck_assert(r.closed);
	ck_assert(!r.violated);
	unpair(&s, &r);
}
END_TEST

START_TEST(a_paused_channel_handles_nothing_until_resumed)
{
	struct end s, r;

	pair(&s, &r, PROC_SESSIOND, PROC_RDE);
	chan_pause(r.chan);
	chan_send_buf(s.chan, MSG_REFRESH, 7, 9, "abcd", 4);
	turn();
	ck_assert_uint_eq(r.got, 0);
	chan_resume(r.chan);
	turn();
	ck_assert_uint_eq(r.got, 1);
	unpair(&s, &r);
}
END_TEST

START_TEST(a_handler_that_yields_ends_its_batch)
{
	struct end s, r;
	unsigned int i;

	pair(&s, &r, PROC_SESSIOND, PROC_RDE);
	for (i = 1; i <= 3; i++)
		chan_send_buf(s.chan, MSG_REFRESH, i, 9, "abcd", 4);
	r.yields = true;
	for (i = 0; i < 10; i++)
		turn();
	/* one message a batch, and a last one that finds nothing */
	ck_assert_uint_eq(r.got, 3);
	ck_assert_uint_eq(r.last_id, 3);
	ck_assert_uint_eq(r.ended, 4);
	r.yields = false;
	for (i = 4; i <= 6; i++)
		chan_send_buf(s.chan, MSG_REFRESH, i, 9, "abcd", 4);
	for (i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(r.got, 6);
	ck_assert_uint_eq(r.begun, r.ended);
	ck_assert_uint_le(r.ended, 5);
	unpair(&s, &r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chan");
	TCase *tc = tcase_create("chan");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, a_message_arrives_with_its_header);
	tcase_add_test(tc, a_descriptor_rides_with_its_message_only);
	tcase_add_test(tc, a_full_socket_queues_and_drains_in_order);
	tcase_add_loop_test(tc, a_message_that_breaks_the_catalogue_closes, 0,
	    (int)nitems(bad));
	tcase_add_test(tc, an_end_of_file_closes_without_blame);
	tcase_add_test(tc, a_paused_channel_handles_nothing_until_resumed);
	tcase_add_test(tc, a_handler_that_yields_ends_its_batch);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
