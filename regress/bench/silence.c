/* SPDX-License-Identifier: ISC */
/* See silence.h. */
#include "regress/bench/silence.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A window is open where no more lies unread. */
#define UNREAD_MAX 16384

struct silence {
	struct pool *pool;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint longest, unseen;
	int64_t *could; /* of each session: when it could not be told last */
};

/* Milliseconds since something came, or since the daemon could send. */
static unsigned
since(struct silence *q, unsigned i, int64_t now)
{
	int fd = q->pool->s[i].up_fd, unread;
	struct tcp_info info;
	socklen_t len = sizeof(info);
	unsigned could;

	if (fd == -1 || ioctl(fd, FIONREAD, &unread) == -1 ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ||
	    info.tcpi_state != TCP_ESTABLISHED || unread > UNREAD_MAX) {
		q->could[i] = now;
		return 0;
	}
	could = (unsigned)((now - q->could[i]) / 1000);
	return could < info.tcpi_last_data_recv ? could :
						  info.tcpi_last_data_recv;
}

static void *
watch(void *arg)
{
	struct silence *q = arg;
	int64_t last = now_us(), now;
	unsigned ms;

	while (!q->stop) {
		usleep(SILENCE_STEP_MS * 1000);
		for (unsigned i = 0; i < q->pool->n; i++) {
			ms = since(q, i, now_us());
			if (ms > q->longest)
				q->longest = ms;
		}
		now = now_us();
		ms = (unsigned)((now - last) / 1000);
		if (ms > q->unseen)
			q->unseen = ms;
		last = now;
	}
	return NULL;
}

struct silence *
silence_new(struct pool *p)
{
	struct silence *q = need(calloc(1, sizeof(*q)));

	q->pool = p;
	q->could = need(calloc(p->n, sizeof(*q->could)));
	if (pthread_create(&q->thread, NULL, watch, q) != 0)
		errx(2, "pthread_create");
	return q;
}

void
silence_free(struct silence *q)
{
	if (q == NULL)
		return;
	q->stop = true;
	pthread_join(q->thread, NULL);
	free(q->could);
	free(q);
}

void
silence_reset(struct silence *q)
{
	q->longest = q->unseen = 0;
}

unsigned
silence_longest(const struct silence *q)
{
	return q->longest;
}

unsigned
silence_unseen(const struct silence *q)
{
	return q->unseen;
}
