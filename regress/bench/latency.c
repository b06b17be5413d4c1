/* SPDX-License-Identifier: ISC */
/* See latency.h. */
#include "regress/bench/latency.h"

#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define PAUSE_MIN_US 2000
#define PAUSE_SPREAD_US 8000
#define BESIDE_START_US 300000

/* A command over and over in a process group of its own. */
struct beside {
	pid_t pid;
	int fd; /* an octet for each time */
};

static void __attribute__((__noreturn__))
beside_main(const char *command, int fd)
{
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		_exit(1);
	while (system(command) == 0) {
		if (write(fd, "", 1) != 1)
			break;
	}
	_exit(1);
}

static void
beside_begin(struct beside *b, const char *command)
{
	int fds[2];

	b->pid = 0;
	b->fd = -1;
	if (command == NULL)
		return;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		err(2, "pipe");
	if ((b->pid = fork()) == -1)
		err(2, "fork");
	if (b->pid == 0)
		beside_main(command, fds[1]);
	setpgid(b->pid, b->pid);
	close(fds[1]);
	b->fd = fds[0];
}

static unsigned
beside_end(struct beside *b)
{
	unsigned n = 0;
	char c[64];
	ssize_t r;

	if (b->pid == 0)
		return 0;
	kill(-b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	while ((r = read(b->fd, c, sizeof(c))) > 0)
		n += (unsigned)r;
	close(b->fd);
	return n;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The path of the flaps: our own AS alone. */
static uint32_t
flap_path(const struct latency *l, struct pool *p, struct bytes *attrs)
{
	struct bytes v = { 0 }, canon = { 0 };
	uint32_t cls;

	bytes_u8(&v, 0);
	wire_attr(attrs, 0x40, ATTR_ORIGIN, v.data, v.len);
	v.len = 0;
	bytes_u8(&v, 2);
	bytes_u8(&v, 1);
	bytes_u32(&v, p->s[l->sender].asn);
	wire_attr(attrs, 0x40, ATTR_AS_PATH, v.data, v.len);
	wire_canon(&canon, attrs->data, attrs->len, p->t->dut_as);
	cls = table_learn(p->t, &canon);
	bytes_free(&v);
	bytes_free(&canon);
	return cls;
}

static void
pause_for(struct pool *p, int64_t us)
{
	int64_t end = now_us() + us;

	while (now_us() < end)
		pool_turn(p, 1);
}

/* One change until the last one has it; false if it does not come. */
static bool
one_change(struct latency *l, struct pool *p, const struct bytes *b,
    int64_t end, double *took)
{
	int64_t t0 = now_us(), now = t0;

	pool_send(p, l->sender, b);
	do {
		pool_turn(p, 1);
		now = now_us();
	} while (!pool_done(p) && now < end && !pool_faulty(p));
	*took = (double)(now - t0) / 1e6;
	return pool_done(p) && !pool_faulty(p);
}

bool
latency_run(struct latency *l, struct pool *p)
{
	double *took = need(calloc(l->flaps + 1, sizeof(*took)));
	int64_t end = now_us() + (int64_t)l->seconds * 1000000;
	struct bytes attrs = { 0 }, b = { 0 };
	uint32_t cls = flap_path(l, p, &attrs), was = CLASS_NONE, id;
	uint64_t rng = l->seed;
	struct beside beside;
	bool ok = true;

	beside_begin(&beside, l->beside);
	if (l->beside != NULL)
		pause_for(p, BESIDE_START_US);
	for (l->done = 0; ok && l->done < l->flaps; l->done++) {
		if (now_us() > end && l->done % 2 == 0 && l->done >= 20)
			break;
		id = l->ids[l->done / 2 % l->nids];
		b.len = 0;
		if (l->done % 2 == 0) {
			was = p->t->expect[id];
			wire_announce(&b, attrs.data, attrs.len,
			    &p->s[l->sender].local, &p->t->pfx[id], 1);
			pool_expect(p, id, cls);
		} else {
			wire_withdraw(&b, &p->t->pfx[id], 1);
			pool_expect(p, id, was);
		}
		ok = one_change(l, p, &b, end + 20 * 1000000, &took[l->done]);
		rng = rng * 6364136223846793005u + 1442695040888963407u;
		pause_for(p,
		    PAUSE_MIN_US + (int64_t)(rng >> 33) % PAUSE_SPREAD_US);
	}
	l->besides = beside_end(&beside);
	p->s[l->sender].out_len = p->s[l->sender].out_sent = 0;
	if (l->done > 0) {
		qsort(took, l->done, sizeof(*took), by_size);
		l->p50 = took[l->done / 2];
		l->p99 = took[l->done - 1 - l->done / 100];
		l->worst = took[l->done - 1];
	}
	bytes_free(&attrs);
	bytes_free(&b);
	free(took);
	return ok;
}
