/* SPDX-License-Identifier: ISC */
/*
 * The order matters and is the same for everyone: chroot while it is still
 * allowed, then the bounding set (needs CAP_SETPCAP), then groups, gid and
 * uid, then the capability sets that a change of uid leaves (it clears them
 * only if no bit of the securebits says otherwise), then no_new_privs, then
 * the file system, and the filter last: both need no_new_privs, and the
 * filter forbids much of the rest.
 *
 * The filter names what a role must not call and lets everything else pass:
 * the children share one uid, so the kernel would let them signal and trace
 * each other, and a taken-over child could reach for the network or start a
 * program.  A refused call fails with EPERM rather than ending the process,
 * because libraries probe.
 */
#include "common/sandbox.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <asm/ioctls.h>
#include <asm/sockios.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * A sanitizer's leak check traces its own process at exit, and that must stay
 * possible in builds made for it.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_TRACEABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_TRACEABLE 1
#endif
#endif
#ifndef SANDBOX_TRACEABLE
#define SANDBOX_TRACEABLE 0
#endif

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#define SANDBOX_NR_LIMIT 0x40000000u /* above: the x32 numbers */
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#define SANDBOX_NR_LIMIT UINT32_MAX
#endif

/* --- capabilities */

/* Keep what is both held and named; a container may hold less than root. */
static int
caps_keep(uint64_t keep)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	int i;

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &hdr, data) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &hdr, data);
}

/* Drop from the bounding set what is not in keep. */
static int
bounding_set(uint64_t keep)
{
	int cap;

	for (cap = 0; cap < 64; cap++) {
		if (keep & (1ull << cap))
			continue;
		/* Reading fails beyond the kernel's last capability. */
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
			break;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return -1;
	}
	return 0;
}

static void
ambient_clear(void)
{
	/* Fails only on kernels that have no ambient set. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* --- system call filter */

#ifdef SANDBOX_ARCH

#define P_ALL (P_BGPD | P_CHILDREN)
#define P_NO_NET (P_BGPD | P_RDE)

enum when {
	ALWAYS,
	IF, /* the argument has this value */
	UNLESS,
	UNLESS_SELF, /* the argument is our own process id */
};

struct denial {
	int nr;
	unsigned int roles; /* P_ bits that must not */
	enum when when;
	unsigned int arg; /* of the call, from 0 */
	uint32_t value;
};

/* Without these no role can signal, trace, slow down, read or become
 * another. */
static const struct denial denials[] = {
	{ SYS_execve, P_ALL, ALWAYS, 0, 0 },
	{ SYS_execveat, P_ALL, ALWAYS, 0, 0 },
	/* abort() and raise() signal the own process; that is all. */
	{ SYS_kill, P_ALL, UNLESS_SELF, 0, 0 },
	{ SYS_tgkill, P_ALL, UNLESS_SELF, 0, 0 },
	{ SYS_tkill, P_ALL, ALWAYS, 0, 0 },
	{ SYS_rt_sigqueueinfo, P_ALL, ALWAYS, 0, 0 },
	{ SYS_rt_tgsigqueueinfo, P_ALL, ALWAYS, 0, 0 },
	{ SYS_pidfd_open, P_ALL, ALWAYS, 0, 0 },
	{ SYS_pidfd_send_signal, P_ALL, ALWAYS, 0, 0 },
	{ SYS_pidfd_getfd, P_ALL, ALWAYS, 0, 0 },
	/* A descriptor that is ready sends any signal to any owner. */
	{ SYS_fcntl, P_ALL, IF, 1, F_SETOWN },
	{ SYS_fcntl, P_ALL, IF, 1, F_SETOWN_EX },
	{ SYS_fcntl, P_ALL, IF, 1, F_SETSIG },
	{ SYS_ioctl, P_ALL, IF, 1, FIOSETOWN },
	{ SYS_ioctl, P_ALL, IF, 1, SIOCSPGRP },
	/* A limit of processor time ends who is beyond it. */
	{ SYS_prlimit64, P_ALL, UNLESS, 0, 0 },
	{ SYS_sched_setparam, P_ALL, ALWAYS, 0, 0 },
	{ SYS_sched_setscheduler, P_ALL, ALWAYS, 0, 0 },
	{ SYS_sched_setattr, P_ALL, ALWAYS, 0, 0 },
	{ SYS_sched_setaffinity, P_ALL, ALWAYS, 0, 0 },
	{ SYS_setpriority, P_ALL, ALWAYS, 0, 0 },
	{ SYS_ioprio_set, P_ALL, ALWAYS, 0, 0 },
	{ SYS_migrate_pages, P_ALL, ALWAYS, 0, 0 },
	{ SYS_move_pages, P_ALL, ALWAYS, 0, 0 },
	{ SYS_process_vm_readv, P_ALL, ALWAYS, 0, 0 },
	{ SYS_process_vm_writev, P_ALL, ALWAYS, 0, 0 },
	{ SYS_process_madvise, P_ALL, ALWAYS, 0, 0 },
	{ SYS_kcmp, P_ALL, ALWAYS, 0, 0 },
#if !SANDBOX_TRACEABLE
	{ SYS_ptrace, P_ALL, ALWAYS, 0, 0 },
#endif
	{ SYS_chroot, P_ALL, ALWAYS, 0, 0 },
	{ SYS_pivot_root, P_ALL, ALWAYS, 0, 0 },
	{ SYS_mount, P_ALL, ALWAYS, 0, 0 },
	{ SYS_umount2, P_ALL, ALWAYS, 0, 0 },
	{ SYS_unshare, P_ALL, ALWAYS, 0, 0 },
	{ SYS_setns, P_ALL, ALWAYS, 0, 0 },
	{ SYS_bpf, P_ALL, ALWAYS, 0, 0 },
	{ SYS_perf_event_open, P_ALL, ALWAYS, 0, 0 },
	{ SYS_userfaultfd, P_ALL, ALWAYS, 0, 0 },
	/* What a ring carries out is not seen by this filter. */
	{ SYS_io_uring_setup, P_ALL, ALWAYS, 0, 0 },
	{ SYS_io_uring_enter, P_ALL, ALWAYS, 0, 0 },
	{ SYS_io_uring_register, P_ALL, ALWAYS, 0, 0 },
	{ SYS_keyctl, P_ALL, ALWAYS, 0, 0 },
	{ SYS_add_key, P_ALL, ALWAYS, 0, 0 },
	{ SYS_request_key, P_ALL, ALWAYS, 0, 0 },
	/* Sockets are made by the parent; syslog's is none of the network. */
	{ SYS_socket, P_NO_NET | P_SESSIOND, UNLESS, 0, AF_UNIX },
	{ SYS_bind, P_NO_NET | P_SESSIOND, ALWAYS, 0, 0 },
	{ SYS_listen, P_NO_NET | P_SESSIOND, ALWAYS, 0, 0 },
	{ SYS_connect, P_NO_NET, ALWAYS, 0, 0 },
	{ SYS_accept, P_NO_NET, ALWAYS, 0, 0 },
	{ SYS_accept4, P_NO_NET, ALWAYS, 0, 0 },
};

#define DENIAL_MAX 5 /* instructions of the longest */
#define FILTER_MAX (16 + DENIAL_MAX * nitems(denials))

static const struct sock_filter refuse =
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
static const struct sock_filter allow =
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
static const struct sock_filter load_nr =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));

/*
 * One row, with the call's number loaded before and after; returns how many
 * instructions it takes.  The arguments that count are of 32 bits, the low
 * half of their words.
 */
static unsigned short
denial_compile(const struct denial *d, struct sock_filter *f)
{
	const uint32_t low =
	    (uint32_t)(offsetof(struct seccomp_data, args) + 8 * d->arg);
	const uint32_t value =
	    d->when == UNLESS_SELF ? (uint32_t)getpid() : d->value;
	const unsigned char skip = d->when == ALWAYS ? 1 : 4;
	const bool equal = d->when == IF;
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    (uint32_t)d->nr, 0, skip);
	if (d->when == ALWAYS) {
		f[n++] = refuse;
		return n;
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low);
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
	    equal ? 0 : 1, equal ? 1 : 0);
	f[n++] = refuse;
	f[n++] = load_nr;
	return n;
}

static int
filter_install(enum proc role)
{
	struct sock_filter f[FILTER_MAX];
	struct sock_fprog prog;
	unsigned short n = 0;
	size_t i;

	/* Another architecture's numbers would slip past the list. */
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    SANDBOX_ARCH, 1, 0);
	f[n++] = refuse;
	f[n++] = load_nr;
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
	    SANDBOX_NR_LIMIT, 0, 1);
	f[n++] = refuse;
	for (i = 0; i < nitems(denials); i++)
		if (denials[i].roles & (1u << role))
			n += denial_compile(&denials[i], f + n);
	f[n++] = allow;
	prog.len = n;
	prog.filter = f;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

#else

static int
filter_install(enum proc role)
{
	(void)role;
	return 0;
}

#endif

/* --- files */

/*
 * No file can be opened, made, removed or executed any more, by any path:
 * for a child that is not locked into an empty directory this is what stands
 * between it and the files of its user.  Kernels without Landlock go without.
 */
static void
files_deny(void)
{
	/* How many kinds of access each version knows. */
	static const int kinds[] = { 0, 13, 14, 15 };
	struct landlock_ruleset_attr attr;
	long version;
	int fd;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1 || SANDBOX_TRACEABLE)
		return;
	if (version >= (long)nitems(kinds))
		version = nitems(kinds) - 1;
	memset(&attr, 0, sizeof(attr));
	attr.handled_access_fs = (1ull << kinds[version]) - 1;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (fd == -1)
		return;
	(void)syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
}

/* --- entry points */

static int
identity_drop(const struct sandbox *s, struct err *e)
{
	if (s->uid == 0 || s->gid == 0)
		return err_set(e, ERR_INTERNAL,
		    "refusing to run a child as root");
	if (chroot(s->dir) == -1 || chdir("/") == -1)
		return err_set(e, ERR_INTERNAL, "chroot to %s: %s", s->dir,
		    strerror(errno));
	if (bounding_set(0) == -1)
		return err_set(e, ERR_INTERNAL,
		    "clearing the capability bounding set: %s",
		    strerror(errno));
	ambient_clear();
	if (setgroups(0, NULL) == -1 ||
	    setresgid(s->gid, s->gid, s->gid) == -1 ||
	    setresuid(s->uid, s->uid, s->uid) == -1)
		return err_set(e, ERR_INTERNAL,
		    "changing to uid %u, gid %u: %s", (unsigned int)s->uid,
		    (unsigned int)s->gid, strerror(errno));
	return 0;
}

int
sandbox_enter(enum proc role, const struct sandbox *s, struct err *e)
{
	if (s->privileged && identity_drop(s, e) == -1)
		return -1;
	ambient_clear();
	if (caps_keep(0) == -1)
		return err_set(e, ERR_INTERNAL, "dropping capabilities: %s",
		    strerror(errno));
	/* No way back: neither of these may succeed any more. */
	if (s->privileged && (setuid(0) == 0 || setgid(0) == 0))
		return err_set(e, ERR_INTERNAL, "root could be regained");
	if (s->privileged && !SANDBOX_TRACEABLE &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return err_set(e, ERR_INTERNAL, "PR_SET_DUMPABLE: %s",
		    strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_set(e, ERR_INTERNAL, "PR_SET_NO_NEW_PRIVS: %s",
		    strerror(errno));
	files_deny();
	if (filter_install(role) == -1)
		return err_set(e, ERR_INTERNAL, "system call filter: %s",
		    strerror(errno));
	return 0;
}

int
sandbox_parent(struct err *e)
{
	const uint64_t keep = 1ull << CAP_SYS_CHROOT | 1ull << CAP_SETUID |
	    1ull << CAP_SETGID | 1ull << CAP_SETPCAP | 1ull << CAP_KILL |
	    1ull << CAP_NET_BIND_SERVICE | 1ull << CAP_NET_ADMIN |
	    1ull << CAP_DAC_READ_SEARCH;

	if (bounding_set(keep) == -1)
		return err_set(e, ERR_INTERNAL,
		    "reducing the capability bounding set: %s",
		    strerror(errno));
	ambient_clear();
	if (caps_keep(keep) == -1)
		return err_set(e, ERR_INTERNAL, "reducing capabilities: %s",
		    strerror(errno));
	return 0;
}
