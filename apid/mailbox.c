/* SPDX-License-Identifier: ISC */
/*
 * The tag list between the completion thread and the event loop.
 */
#include "apid/mailbox.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "common/log.h"

void
mailbox_init(struct mailbox *mb)
{
	if (pthread_mutex_init(&mb->mu, NULL) != 0)
		fatalx("%s: no mutex", __func__);
	mb->head = NULL;
	mb->tail = &mb->head;
	mb->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mb->fd == -1)
		fatal("eventfd");
}

void
mailbox_fini(struct mailbox *mb)
{
	close(mb->fd);
	pthread_mutex_destroy(&mb->mu);
}

void
mailbox_post(struct mailbox *mb, struct tag *tag)
{
	const uint64_t one = 1;
	bool was_empty;

	tag->next = NULL;
	pthread_mutex_lock(&mb->mu);
	was_empty = mb->head == NULL;
	*mb->tail = tag;
	mb->tail = &tag->next;
	pthread_mutex_unlock(&mb->mu);

	/* The counter cannot overflow: it is drained with each take. */
	if (was_empty && write(mb->fd, &one, sizeof(one)) == -1 &&
	    errno != EAGAIN)
		fatal("eventfd write");
}

struct tag *
mailbox_take(struct mailbox *mb)
{
	struct tag *list;
	uint64_t count;

	/* Read first: a post after the read wakes the loop again. */
	if (read(mb->fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		fatal("eventfd read");
	pthread_mutex_lock(&mb->mu);
	list = mb->head;
	mb->head = NULL;
	mb->tail = &mb->head;
	pthread_mutex_unlock(&mb->mu);
	return list;
}
