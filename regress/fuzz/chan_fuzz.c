/* SPDX-License-Identifier: ISC */
/* Frames between processes: the first octet says who sends to whom, the
 * rest is what is read from the socket. */
#include <sys/socket.h>

#include <event2/event.h>
#include <unistd.h>

#include "common/chan.h"
#include "regress/fuzz/fuzz.h"

struct end {
	struct chan *chan;
	bool closed;
};

static void
on_message(void *ctx, const struct msg *m)
{
	const struct end *end = ctx;
	const struct msg_rule *rule = &msg_rules[m->hdr.type];
	uint8_t *copy;

	FUZZ_HOLDS(!end->closed);
	FUZZ_HOLDS(m->hdr.len >= rule->min && m->hdr.len <= rule->max);
	copy = fuzz_copy(m->data, m->hdr.len);
	free(copy);
	if (m->fd != -1)
		close(m->fd);
}

static void
on_close(void *ctx, const char *why)
{
	struct end *end = ctx;

	(void)why;
	FUZZ_HOLDS(!end->closed);
	end->closed = true;
	chan_free(end->chan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static chan_handler handlers[MSG__MAX];
	static const struct chan_ops ops = { .handlers = handlers,
		.on_close = on_close };
	static struct event_base *base;
	struct end end = { NULL, false };
	int sv[2];

	if (len == 0 || len > 65536)
		return 0;
	if (base == NULL)
		base = event_base_new();
	for (int i = 1; i < MSG__MAX; i++)
		handlers[i] = on_message;
	FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	FUZZ_HOLDS(write(sv[1], data + 1, len - 1) == (ssize_t)(len - 1));
	close(sv[1]);
	end.chan = chan_new(base, sv[0], (enum proc)(data[0] % PROC__MAX),
	    (enum proc)(data[0] / PROC__MAX % PROC__MAX), &ops, &end, 0);
	while (!end.closed)
		event_base_loop(base, EVLOOP_ONCE);
	return 0;
}
