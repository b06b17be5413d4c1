/* SPDX-License-Identifier: ISC */
/*
 * Channels between the processes.
 *
 * Reading: one linear buffer; complete messages are handed to handlers in
 * place, the partial tail is moved to the front.  Descriptors arrive in
 * order and wait in a short queue for the message whose flag claims them;
 * more than a message may claim is a violation.
 *
 * Writing: straight from the caller's iovec while the queue is empty; what
 * the socket did not take is copied into queue nodes.
 *
 * A channel may be freed in its own callbacks: while any of them runs only
 * a mark is set, and the outermost frame frees.
 */
#include "common/chan.h"

#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mono.h"
#include "common/xmalloc.h"

enum {
	CHAN_BUF = 2 * (MSG_MAX + sizeof(struct msg_hdr)),
	CHAN_FDS = 8, /* descriptors received and not yet claimed */
	CHAN_IOV = 64, /* nodes written with one call */
	CHAN_NODE = 16384, /* small messages share nodes of this size */
	CHAN_FLAG_FD = 0x01, /* a descriptor rides along */
};

struct node {
	TAILQ_ENTRY(node) entry;
	int fd; /* sent with the first byte */
	size_t size;
	size_t len;
	size_t off; /* already written */
	uint8_t data[];
};

struct chan {
	struct event *rev;
	struct event *wev;
	int fd;
	enum proc self;
	enum proc peer;
	const struct chan_ops *ops;
	void *ctx;
	uint32_t incarnation;

	uint8_t *buf;
	size_t len; /* bytes in buf */
	int fds[CHAN_FDS];
	unsigned int n_fds;
	bool paused;
	bool yielded; /* for this round */

	TAILQ_HEAD(node_list, node) queue;
	size_t queued;
	bool congested; /* the high mark was passed, on_drain is owed */

	unsigned int depth; /* frames of ours that still use the channel */
	bool freed;
	bool closed; /* on_close was called */
};

static void on_readable(int, short, void *);
static void on_writable(int, short, void *);

struct chan *
chan_new(struct event_base *base, int fd, enum proc self, enum proc peer,
    const struct chan_ops *ops, void *ctx, int prio)
{
	struct chan *c = xcalloc(1, sizeof(*c));
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("fcntl of the channel to %s", proc_name(peer));
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->ops = ops;
	c->ctx = ctx;
	c->buf = xmalloc(CHAN_BUF);
	TAILQ_INIT(&c->queue);
	c->rev = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->wev = event_new(base, fd, EV_WRITE, on_writable, c);
	if (c->rev == NULL || c->wev == NULL)
		fatalx("event_new of the channel to %s", proc_name(peer));
	event_priority_set(c->rev, prio);
	event_priority_set(c->wev, prio);
	event_add(c->rev, NULL);
	return c;
}

static void
node_free(struct chan *c, struct node *n)
{
	TAILQ_REMOVE(&c->queue, n, entry);
	c->queued -= n->len - n->off;
	if (n->fd != -1)
		close(n->fd);
	free(n);
}

static void
release(struct chan *c)
{
	struct node *n;

	while ((n = TAILQ_FIRST(&c->queue)) != NULL)
		node_free(c, n);
	for (unsigned int i = 0; i < c->n_fds; i++)
		close(c->fds[i]);
	event_free(c->rev);
	event_free(c->wev);
	close(c->fd);
	free(c->buf);
	free(c);
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	c->freed = true;
	if (c->depth == 0) {
		release(c);
		return;
	}
	event_del(c->rev);
	event_del(c->wev);
}

static void
enter(struct chan *c)
{
	c->depth++;
}

static void
leave(struct chan *c)
{
	if (--c->depth == 0 && c->freed)
		release(c);
}

/* The channel is of no more use; tell the owner once. */
static void
fail(struct chan *c, const char *why)
{
	if (c->closed || c->freed)
		return;
	c->closed = true;
	event_del(c->rev);
	event_del(c->wev);
	c->ops->on_close(c->ctx, why);
}

/* Why a message may not be handled; NULL if it may. */
static const char *
violation(const struct chan *c, const struct msg_hdr *h)
{
	const struct msg_rule *r;
	bool has_fd = (h->flags & CHAN_FLAG_FD) != 0;

	if (h->type == MSG__NONE || h->type >= MSG__MAX)
		return "a message of no known type";
	r = &msg_rules[h->type];
	if ((r->from & (1u << c->peer)) == 0 || (r->to & (1u << c->self)) == 0)
		return "a message that is not its to send";
	if (h->len < r->min || h->len > r->max)
		return "a message of wrong size";
	if ((r->fd == MSG_FD_NONE && has_fd) ||
	    (r->fd == MSG_FD_MUST && !has_fd))
		return "a message with a wrong descriptor";
	if (has_fd && c->n_fds == 0)
		return "a message without its descriptor";
	if (c->ops->handlers[h->type] == NULL)
		return "a message that nobody here handles";
	return NULL;
}

static int
claim_fd(struct chan *c)
{
	int fd = c->fds[0];

	c->n_fds--;
	memmove(c->fds, c->fds + 1, c->n_fds * sizeof(c->fds[0]));
	return fd;
}

/* Handle the complete messages in the buffer; false if the channel died. */
static bool
dispatch(struct chan *c)
{
	size_t off = 0;

	while (!c->paused && !c->yielded &&
	    c->len - off >= sizeof(struct msg_hdr)) {
		struct msg m;
		const char *why;

		memcpy(&m.hdr, c->buf + off, sizeof(m.hdr));
		why = violation(c, &m.hdr);
		if (why != NULL) {
			log_errorx("%s sent %s (type %u, %u bytes)",
			    proc_name(c->peer), why, m.hdr.type, m.hdr.len);
			fail(c, why);
			return false;
		}
		if (c->len - off - sizeof(m.hdr) < m.hdr.len)
			break;
		m.data = c->buf + off + sizeof(m.hdr);
		m.fd = (m.hdr.flags & CHAN_FLAG_FD) != 0 ? claim_fd(c) : -1;
		off += sizeof(m.hdr) + m.hdr.len;
		c->ops->handlers[m.hdr.type](c->ctx, &m);
		if (c->freed || c->closed)
			return false;
	}
	if (off > 0) {
		c->len -= off;
		memmove(c->buf, c->buf + off, c->len);
	}
	return true;
}

/* Keep received descriptors; -1 if more came than any message may carry. */
static int
keep_fds(struct chan *c, struct msghdr *mh)
{
	struct cmsghdr *cm;
	int rc = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(fd), sizeof(fd));
			if (c->n_fds < CHAN_FDS) {
				c->fds[c->n_fds++] = fd;
			} else {
				close(fd);
				rc = -1;
			}
		}
	}
	if (mh->msg_flags & MSG_CTRUNC)
		rc = -1;
	return rc;
}

/* Bytes read, 0 if there are none now, -1 if the channel died. */
static ssize_t
fill(struct chan *c)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * CHAN_FDS)];
	} control;
	struct iovec iov = { c->buf + c->len, CHAN_BUF - c->len };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n;

	n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		fail(c, errno == ECONNRESET ? NULL : strerror(errno));
		return -1;
	}
	if (n == 0) {
		fail(c, NULL);
		return -1;
	}
	if (keep_fds(c, &mh) == -1) {
		fail(c, "descriptors that no message claims");
		return -1;
	}
	c->len += (size_t)n;
	return n;
}

static void
on_readable(int fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct chan *c = arg;
	size_t total = 0;
	ssize_t n = 1;

	enter(c);
	c->yielded = false;
	if (c->ops->on_batch_begin != NULL)
		c->ops->on_batch_begin(c->ctx);
	/* A channel that resumed or yielded may hold complete messages
	 * already. */
	while (dispatch(c)) {
		if (n == 0 || c->paused || c->yielded ||
		    total >= CHAN_READ_MAX) {
			if (c->ops->on_batch_end != NULL)
				c->ops->on_batch_end(c->ctx);
			break;
		}
		n = fill(c);
		if (n == -1)
			break;
		total += (size_t)n;
	}
	leave(c);
}

/*
 * One sendmsg; returns bytes taken, 0 if the socket is full, -1 on failure
 * of the channel (reported from the event loop, never to the sender).
 */
static ssize_t
send_some(struct chan *c, struct iovec *iov, size_t iovcnt, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = iovcnt };
	ssize_t n;

	if (fd != -1) {
		struct cmsghdr *cm;

		memset(&control, 0, sizeof(control));
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	n = sendmsg(c->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return 0;
	return n;
}

/* Append to the queue; takes fd. */
static void
enqueue(struct chan *c, const struct iovec *iov, size_t iovcnt, size_t skip,
    int fd)
{
	struct node *last = TAILQ_LAST(&c->queue, node_list);
	size_t len = 0;

	for (size_t i = 0; i < iovcnt; i++)
		len += iov[i].iov_len;
	len -= skip;
	/* A descriptor belongs to the first byte of a node. */
	if (last == NULL || fd != -1 || last->size - last->len < len) {
		size_t size = len > CHAN_NODE ? len : CHAN_NODE;

		if (fd != -1)
			size = len;
		last = xmalloc(sizeof(*last) + size);
		last->fd = fd;
		last->size = size;
		last->len = last->off = 0;
		TAILQ_INSERT_TAIL(&c->queue, last, entry);
	}
	for (size_t i = 0; i < iovcnt; i++) {
		size_t n = iov[i].iov_len;
		size_t cut = skip < n ? skip : n;

		skip -= cut;
		if (n - cut == 0)
			continue;
		memcpy(last->data + last->len,
		    (const uint8_t *)iov[i].iov_base + cut, n - cut);
		last->len += n - cut;
	}
	c->queued += len;
	if (c->queued > CHAN_HIGH_MARK)
		c->congested = true;
	event_add(c->wev, NULL);
}

void
chan_send(struct chan *c, enum msg_type type, uint32_t id, uint32_t epoch,
    const struct iovec *iov, int iovcnt, int fd)
{
	const struct msg_rule *r = &msg_rules[type];
	struct iovec all[8];
	struct msg_hdr h = { 0 };
	ssize_t n = 0;
	size_t len = 0;

	if (iovcnt < 0 || (size_t)iovcnt + 1 > nitems(all))
		fatalx("%s: %d parts in one message", __func__, iovcnt);
	for (int i = 0; i < iovcnt; i++) {
		all[i + 1] = iov[i];
		len += iov[i].iov_len;
	}
	if ((r->from & (1u << c->self)) == 0 ||
	    (r->to & (1u << c->peer)) == 0 || len < r->min || len > r->max ||
	    (r->fd == MSG_FD_NONE && fd != -1) ||
	    (r->fd == MSG_FD_MUST && fd == -1))
		fatalx("%s: %s to %s with %zu bytes breaks the catalogue",
		    __func__, r->name, proc_name(c->peer), len);
	h.type = (uint16_t)type;
	h.flags = fd != -1 ? CHAN_FLAG_FD : 0;
	h.len = (uint32_t)len;
	h.id = id;
	h.epoch = epoch;
	h.incarnation = c->incarnation;
	all[0].iov_base = &h;
	all[0].iov_len = sizeof(h);
	len += sizeof(h);

	if (!c->closed && !c->freed) {
		if (TAILQ_EMPTY(&c->queue))
			n = send_some(c, all, (size_t)iovcnt + 1, fd);
		if (n == -1)
			n = 0; /* reading will find out and report */
		if ((size_t)n < len) {
			enqueue(c, all, (size_t)iovcnt + 1, (size_t)n,
			    n > 0 ? -1 : fd);
			if (n == 0)
				fd = -1; /* the queue has it */
		}
	}
	if (fd != -1)
		close(fd);
}

void
chan_send_buf(struct chan *c, enum msg_type type, uint32_t id, uint32_t epoch,
    const void *data, size_t len)
{
	struct iovec iov;

	memset(&iov, 0, sizeof(iov));
	/* iovec has no const form; sending does not write. */
	memcpy(&iov.iov_base, &data, sizeof(data));
	iov.iov_len = len;
	chan_send(c, type, id, epoch, &iov, len > 0 ? 1 : 0, -1);
}

void
chan_send_wr(struct chan *c, enum msg_type type, uint32_t id, uint32_t epoch,
    const struct wr *w)
{
	if (!wr_ok(w))
		fatalx("%s: %s does not fit", __func__, msg_rules[type].name);
	chan_send_buf(c, type, id, epoch, w->base, wr_len(w));
}

/* Write queued nodes until the socket is full; false if it failed. */
static bool
flush_queue(struct chan *c)
{
	while (!TAILQ_EMPTY(&c->queue)) {
		struct iovec iov[CHAN_IOV];
		struct node *node;
		size_t cnt = 0;
		ssize_t n;
		int fd = TAILQ_FIRST(&c->queue)->fd;

		TAILQ_FOREACH(node, &c->queue, entry) {
			if (cnt == CHAN_IOV || (cnt > 0 && node->fd != -1))
				break;
			iov[cnt].iov_base = node->data + node->off;
			iov[cnt].iov_len = node->len - node->off;
			cnt++;
		}
		n = send_some(c, iov, cnt, fd);
		if (n == -1)
			return false;
		if (n == 0)
			return true;
		node = TAILQ_FIRST(&c->queue);
		if (fd != -1) {
			close(fd);
			node->fd = -1;
		}
		while (n > 0) {
			size_t left;

			node = TAILQ_FIRST(&c->queue);
			left = node->len - node->off;
			if ((size_t)n < left) {
				node->off += (size_t)n;
				c->queued -= (size_t)n;
				break;
			}
			n -= (ssize_t)left;
			node_free(c, node);
		}
	}
	return true;
}

static void
on_writable(int fd ATTR_UNUSED, short what ATTR_UNUSED, void *arg)
{
	struct chan *c = arg;

	enter(c);
	if (!flush_queue(c)) {
		fail(c,
		    errno == EPIPE || errno == ECONNRESET ? NULL :
							    strerror(errno));
	} else {
		if (!TAILQ_EMPTY(&c->queue))
			event_add(c->wev, NULL);
		if (c->congested && c->queued <= CHAN_LOW_MARK) {
			c->congested = false;
			if (c->ops->on_drain != NULL)
				c->ops->on_drain(c->ctx);
		}
	}
	leave(c);
}

size_t
chan_queued(const struct chan *c)
{
	return c->queued;
}

bool
chan_congested(const struct chan *c)
{
	return c->congested;
}

void
chan_set_incarnation(struct chan *c, uint32_t incarnation)
{
	c->incarnation = incarnation;
}

void
chan_flush(struct chan *c, int timeout_ms)
{
	struct mono deadline = mono_add_ms(mono_now(), timeout_ms);

	while (!TAILQ_EMPTY(&c->queue) && flush_queue(c)) {
		struct pollfd p = { .fd = c->fd, .events = POLLOUT };
		int64_t left = mono_diff_ms(deadline, mono_now());

		if (TAILQ_EMPTY(&c->queue) || left <= 0 ||
		    poll(&p, 1, (int)left) <= 0)
			break;
	}
}

void
chan_yield(struct chan *c)
{
	if (c->yielded || c->closed || c->freed)
		return;
	c->yielded = true;
	event_active(c->rev, EV_READ, 0);
}

void
chan_pause(struct chan *c)
{
	if (c->paused)
		return;
	c->paused = true;
	event_del(c->rev);
}

void
chan_resume(struct chan *c)
{
	if (!c->paused || c->closed || c->freed)
		return;
	c->paused = false;
	event_add(c->rev, NULL);
	/* What is buffered needs no new byte to be handled. */
	event_active(c->rev, EV_READ, 0);
}
