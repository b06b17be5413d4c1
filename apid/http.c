/* SPDX-License-Identifier: ISC */
/*
 * HTTP for what is fetched; see http.h.
 */
#include "apid/http.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/xmalloc.h"

enum {
	ACCEPT_BURST = 16,
	ACCEPT_PAUSE_MS = 200,
	REPLY_HEAD_MAX = 512,
	LINGER_BYTES = 1024 * 1024, /* thrown away of one connection */
};

enum state {
	READING, /* a request, or waiting for one */
	WORKING, /* the handler has it */
	WRITING,
	LINGERING, /* said all; closes when the client does */
};

struct http_conn {
	TAILQ_ENTRY(http_conn) entry; /* longest in its state first */
	struct http_listener *listener;
	int fd;
	enum state state;
	struct event *ev_read;
	struct event *ev_write;
	struct mono deadline; /* of the state; WORKING has none */
	bool head_only;
	bool last; /* close after this reply */
	char in[HTTP_HEAD_MAX + 1];
	size_t in_len;
	char head[REPLY_HEAD_MAX];
	size_t head_len;
	const char *body;
	size_t body_len;
	size_t sent;
	size_t thrown;
	void (*done)(void *);
	void *done_ctx;
};
TAILQ_HEAD(conn_list, http_conn);

struct http_listener {
	LIST_ENTRY(http_listener) entry;
	struct http *http;
	int fd;
	struct event *ev;
	struct event *resume;
};

struct http {
	struct event_base *base;
	int prio;
	int fd_max;
	http_handler handler;
	void *ctx;
	struct conn_list conns;
	size_t n_conns;
	unsigned long n_requests;
	LIST_HEAD(, http_listener) listeners;
};

static void conn_read(struct http_conn *);

static struct event *
event_make(struct http *http, int fd, short what, event_callback_fn fn,
    void *arg)
{
	struct event *ev = event_new(http->base, fd, what, fn, arg);

	if (ev == NULL || event_priority_set(ev, http->prio) == -1)
		fatalx("%s: no event", __func__);
	return ev;
}

/* --- connections */

static void
conn_done(struct http_conn *c)
{
	void (*done)(void *) = c->done;

	c->done = NULL;
	c->body = NULL;
	if (done != NULL)
		done(c->done_ctx);
}

void
http_close(struct http_conn *c)
{
	struct http *http = c->listener->http;

	TAILQ_REMOVE(&http->conns, c, entry);
	http->n_conns--;
	event_free(c->ev_read);
	event_free(c->ev_write);
	close(c->fd);
	conn_done(c);
	free(c);
}

static void
conn_enter(struct http_conn *c, enum state state, int ms)
{
	struct http *http = c->listener->http;

	c->state = state;
	c->deadline = mono_add_ms(mono_now(), ms);
	TAILQ_REMOVE(&http->conns, c, entry);
	TAILQ_INSERT_TAIL(&http->conns, c, entry);
}

/* Say no more, but read on: a reset would take the reply away from a client
 * that is still sending. */
static void
conn_linger(struct http_conn *c)
{
	(void)shutdown(c->fd, SHUT_WR);
	conn_enter(c, LINGERING, HTTP_LINGER_MS);
	event_add(c->ev_read, NULL);
}

/* Room for one more: whoever keeps us waiting longest goes, before those
 * that read a reply. */
static void
make_room(struct http *http)
{
	struct http_conn *c, *victim = NULL;

	TAILQ_FOREACH(c, &http->conns, entry) {
		if (c->state == READING || c->state == LINGERING) {
			victim = c;
			break;
		}
		if (c->state == WRITING && victim == NULL)
			victim = c;
	}
	if (victim == NULL)
		victim = TAILQ_FIRST(&http->conns);
	http_close(victim);
}

/* --- replies */

static const char *
status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Content Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < nitems(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Error";
}

static size_t
reply_parts(const struct http_conn *c, struct iovec iov[2])
{
	const size_t body = c->head_only ? 0 : c->body_len;
	size_t at = c->sent, n = 0;
	/* writev() takes no const. */
	void *p;

	if (at < c->head_len) {
		iov[n].iov_base = (void *)((uintptr_t)c->head + at);
		iov[n++].iov_len = c->head_len - at;
		at = 0;
	} else
		at -= c->head_len;
	if (at < body) {
		p = (void *)((uintptr_t)c->body + at);
		iov[n].iov_base = p;
		iov[n++].iov_len = body - at;
	}
	return n;
}

/* Write what the socket takes; true if the reply has left whole.  False with
 * c gone or waiting. */
static bool
reply_write(struct http_conn *c)
{
	struct iovec iov[2];
	struct msghdr msg;
	ssize_t n;
	size_t parts;

	while ((parts = reply_parts(c, iov)) > 0) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = iov;
		msg.msg_iovlen = parts;
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			event_add(c->ev_write, NULL);
			return false;
		}
		if (n <= 0) {
			http_close(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	return true;
}

static void
reply_continue(struct http_conn *c)
{
	if (!reply_write(c))
		return;
	conn_done(c);
	if (c->last) {
		conn_linger(c);
		return;
	}
	conn_enter(c, READING, c->in_len > 0 ? HTTP_REQUEST_MS : HTTP_IDLE_MS);
	event_add(c->ev_read, NULL);
	if (c->in_len > 0) /* what was sent behind the request */
		event_active(c->ev_read, EV_TIMEOUT, 0);
}

void
http_on_done(struct http_conn *c, void (*done)(void *), void *ctx)
{
	c->done = done;
	c->done_ctx = ctx;
}

void
http_reply(struct http_conn *c, int status, const char *type, const char *body,
    size_t len)
{
	const char *text = status_text(status);
	int n;

	if (body == NULL) {
		body = text;
		len = strlen(text);
		type = "text/plain; charset=utf-8";
	}
	n = snprintf(c->head, sizeof(c->head),
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n%s%s\r\n",
	    status, text, type, len,
	    status == 405 ? "Allow: GET, HEAD\r\n" : "",
	    c->last ? "Connection: close\r\n" : "");
	if (n < 0 || (size_t)n >= sizeof(c->head))
		fatalx("%s: a head of %d bytes", __func__, n);
	c->head_len = (size_t)n;
	c->body = body;
	c->body_len = len;
	c->sent = 0;
	conn_enter(c, WRITING, HTTP_REPLY_MS);
	reply_continue(c);
}

static void
refuse(struct http_conn *c, int status)
{
	c->last = true;
	c->in_len = 0;
	event_del(c->ev_read);
	http_reply(c, status, NULL, NULL, 0);
}

/* --- requests */

static bool
is_token(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", p[i]) != NULL)
			return false;
	return n > 0;
}

static bool
is_clean(const char *p)
{
	for (; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

/* Is `word` in a list of words with commas? */
static bool
has_word(const char *list, const char *word)
{
	const size_t len = strlen(word);
	size_t n;

	for (; *list != '\0'; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == len && strncasecmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* One line of the head; 0 or a status. */
static int
header(struct http_conn *c, char *line, bool *host)
{
	char *value = strchr(line, ':');

	if (value == NULL || !is_token(line, (size_t)(value - line)) ||
	    !is_clean(value))
		return 400;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "host") == 0) {
		if (*host)
			return 400;
		*host = true;
	} else if (strcasecmp(line, "connection") == 0) {
		if (has_word(value, "close"))
			c->last = true;
	} else if (strcasecmp(line, "transfer-encoding") == 0)
		return 413;
	else if (strcasecmp(line, "content-length") == 0 &&
	    strspn(value, "0") != strcspn(value, " \t"))
		return 413;
	return 0;
}

/* "METHOD TARGET HTTP/1.x" into *path; 0 or a status. */
static int
request_line(struct http_conn *c, char *line, char **path, bool *old)
{
	char *target = strchr(line, ' ');
	char *version = target == NULL ? NULL : strchr(target + 1, ' ');

	if (version == NULL || !is_token(line, (size_t)(target - line)) ||
	    !is_clean(line))
		return 400;
	*target++ = '\0';
	*version++ = '\0';
	if (strncmp(version, "HTTP/", 5) != 0)
		return 400;
	if (strcmp(version, "HTTP/1.1") != 0 &&
	    strcmp(version, "HTTP/1.0") != 0)
		return 505;
	*old = version[7] == '0';
	c->head_only = strcmp(line, "HEAD") == 0;
	if (!c->head_only && strcmp(line, "GET") != 0)
		return 405;
	if (strncasecmp(target, "http://", 7) == 0) {
		target += 7;
		target += strcspn(target, "/?");
	}
	if (*target != '/')
		return 400;
	target[strcspn(target, "?#")] = '\0';
	*path = target;
	return 0;
}

/* A whole head without its empty line; 0 or a status. */
static int
request_parse(struct http_conn *c, char *head, char **path)
{
	char *line = head, *end, *next;
	bool host = false, old = false;
	int status;

	for (; line != NULL; line = next) {
		end = strchr(line, '\n');
		next = end == NULL ? NULL : end + 1;
		if (end != NULL)
			*end = '\0';
		else
			end = line + strlen(line);
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (line == head)
			status = request_line(c, line, path, &old);
		else
			status = header(c, line, &host);
		if (status != 0)
			return status;
	}
	if (old)
		c->last = true;
	return host || old ? 0 : 400;
}

/* The length of the head with its empty line, 0 if it is not whole. */
static size_t
head_length(const struct http_conn *c)
{
	size_t i;

	for (i = 0; i + 1 < c->in_len; i++) {
		if (c->in[i] != '\n')
			continue;
		if (c->in[i + 1] == '\n')
			return i + 2;
		if (i + 2 < c->in_len && c->in[i + 1] == '\r' &&
		    c->in[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

/* Serve one request of what has come, if one is whole. */
static void
conn_serve(struct http_conn *c)
{
	struct http *http = c->listener->http;
	char head[HTTP_HEAD_MAX + 1], *path = NULL;
	size_t len, skip;
	int status;

	/* Empty lines in front are to be overlooked. */
	for (skip = 0;
	     skip < c->in_len && (c->in[skip] == '\r' || c->in[skip] == '\n');)
		skip++;
	c->in_len -= skip;
	memmove(c->in, c->in + skip, c->in_len);
	len = head_length(c);
	if (len == 0) {
		if (c->in_len == HTTP_HEAD_MAX)
			refuse(c, 431);
		return;
	}
	memcpy(head, c->in, len);
	head[len] = '\0';
	if (memchr(head, '\0', len) != NULL) {
		refuse(c, 400);
		return;
	}
	/* The empty line, and the end of the one before it. */
	while (len > 0 && (head[len - 1] == '\n' || head[len - 1] == '\r'))
		head[--len] = '\0';
	len = head_length(c);
	c->in_len -= len;
	memmove(c->in, c->in + len, c->in_len);
	http->n_requests++;
	c->last = c->head_only = false;
	status = request_parse(c, head, &path);
	if (status != 0) {
		refuse(c, status);
		return;
	}
	/* Until the reply has left nothing more is read. */
	event_del(c->ev_read);
	conn_enter(c, WORKING, HTTP_REPLY_MS);
	http->handler(http->ctx, c, path);
}

static void
conn_throw(struct http_conn *c)
{
	char waste[4096];
	ssize_t n;

	n = recv(c->fd, waste, sizeof(waste), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->thrown += (size_t)n;
	if (n <= 0 || c->thrown > LINGER_BYTES)
		http_close(c);
}

static void
conn_read(struct http_conn *c)
{
	ssize_t n;

	n = recv(c->fd, c->in + c->in_len, HTTP_HEAD_MAX - c->in_len,
	    MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		http_close(c);
		return;
	}
	if (c->in_len == 0) /* a request begins */
		c->deadline = mono_add_ms(mono_now(), HTTP_REQUEST_MS);
	c->in_len += (size_t)n;
	conn_serve(c);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)fd;
	if (c->state == LINGERING)
		conn_throw(c);
	else if (c->state == READING && (what & EV_TIMEOUT))
		conn_serve(c);
	else if (c->state == READING)
		conn_read(c);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reply_continue(arg);
}

/* --- listeners */

static void
conn_new(struct http_listener *l, int fd)
{
	struct http *http = l->http;
	struct http_conn *c;

	if (http->n_conns >= HTTP_CONNS_MAX)
		make_room(http);
	c = xcalloc(1, sizeof(*c));
	c->listener = l;
	c->fd = fd;
	c->state = READING;
	c->deadline = mono_add_ms(mono_now(), HTTP_REQUEST_MS);
	c->ev_read = event_make(http, fd, EV_READ | EV_PERSIST, on_read, c);
	c->ev_write = event_make(http, fd, EV_WRITE, on_write, c);
	TAILQ_INSERT_TAIL(&http->conns, c, entry);
	http->n_conns++;
	if (event_add(c->ev_read, NULL) == -1)
		http_close(c);
}

static void
on_listener(evutil_socket_t lfd, short what, void *arg)
{
	struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };
	struct http_listener *l = arg;
	int fd, i;

	(void)what;
	for (i = 0; i < ACCEPT_BURST; i++) {
		fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno == EAGAIN)
				return;
			log_warn("accept of a metrics client");
			event_del(l->ev);
			event_add(l->resume, &pause);
			return;
		}
		if (fd >= l->http->fd_max) {
			close(fd);
			continue;
		}
		conn_new(l, fd);
	}
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct http_listener *l = arg;

	(void)fd;
	(void)what;
	event_add(l->ev, NULL);
}

struct http_listener *
http_listen(struct http *http, int fd)
{
	struct http_listener *l = xcalloc(1, sizeof(*l));

	evutil_make_socket_nonblocking(fd);
	l->http = http;
	l->fd = fd;
	l->ev = event_make(http, fd, EV_READ | EV_PERSIST, on_listener, l);
	l->resume = event_make(http, -1, EV_TIMEOUT, on_resume, l);
	if (event_add(l->ev, NULL) == -1)
		fatalx("%s: no event", __func__);
	LIST_INSERT_HEAD(&http->listeners, l, entry);
	return l;
}

void
http_unlisten(struct http_listener *l)
{
	struct http_conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &l->http->conns, entry, next)
		if (c->listener == l)
			http_close(c);
	LIST_REMOVE(l, entry);
	event_free(l->ev);
	event_free(l->resume);
	close(l->fd);
	free(l);
}

/* --- the whole */

struct http *
http_new(struct event_base *base, int prio, int fd_max, http_handler handler,
    void *ctx)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->base = base;
	http->prio = prio;
	http->fd_max = fd_max;
	http->handler = handler;
	http->ctx = ctx;
	TAILQ_INIT(&http->conns);
	LIST_INIT(&http->listeners);
	return http;
}

void
http_free(struct http *http)
{
	struct http_listener *l;

	while ((l = LIST_FIRST(&http->listeners)) != NULL)
		http_unlisten(l);
	free(http);
}

void
http_sweep(struct http *http)
{
	struct mono now = mono_now();
	struct http_conn *c, *next;

	TAILQ_FOREACH_SAFE(c, &http->conns, entry, next)
		if (mono_reached(now, c->deadline))
			http_close(c);
}

size_t
http_n_conns(const struct http *http)
{
	return http->n_conns;
}

unsigned long
http_n_requests(const struct http *http)
{
	return http->n_requests;
}
