# SPDX-License-Identifier: ISC
"""The network of a test run.

The runner moves itself into a network namespace in which only the loopback
interface exists and carries many addresses: every daemon has one of its own,
port 179 is free for all, and two runs beside each other do not meet.  An
ordinary user gets it inside a user namespace.  Where both are refused,
addresses are 127.0.1.N and ::1, and the port is one that is free.
"""

import os
import socket
import subprocess

COUNT = 99


def private():
    return os.environ.get("INTEG_NETNS") == "1"


def enter(argv):
    """Re-execute argv in a namespace; returns if that is not possible."""
    if private() or os.environ.get("INTEG_NETNS") == "0":
        return
    command = ["unshare", "-n"]
    if os.getuid() != 0:
        command += ["-U", "--map-current-user", "--keep-caps"]
    probe = subprocess.run(command + ["ip", "link", "set", "lo", "up"],
                           stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        os.environ["INTEG_NETNS"] = "0"
        return
    os.environ["INTEG_NETNS"] = "1"
    os.execvp("unshare", command + argv)


def setup():
    """Once in the namespace: bring the interface and the addresses up."""
    if not private():
        return
    lines = ["link set lo up"]
    for n in range(1, COUNT + 1):
        lines.append("addr add 192.0.2.%d/24 dev lo" % n)
        lines.append("addr add 2001:db8::%x/64 dev lo nodad" % n)
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines).encode(),
                   check=True)
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as f:
        f.write("0")


def v4(n):
    """The IPv4 address of participant n (1 is ours)."""
    return ("192.0.2.%d" if private() else "127.0.1.%d") % n


def v6(n):
    """The IPv6 address of participant n; ::1 for all outside a namespace."""
    return "2001:db8::%x" % n if private() else "::1"


def free_port(addr="127.0.0.1"):
    """A TCP port that was free a moment ago."""
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    with socket.socket(family) as s:
        s.bind((addr, 0))
        return s.getsockname()[1]


def bgp_port():
    """The port every daemon of a run listens on, each at its own address."""
    return 179 if private() else _fixed_port()


_port = None


def _fixed_port():
    global _port
    if _port is None:
        for port in range(20600, 21000):
            try:
                for n in (1, 2, 3):
                    with socket.socket() as s:
                        s.setsockopt(socket.SOL_SOCKET,
                                     socket.SO_REUSEADDR, 1)
                        s.bind((v4(n), port))
                _port = port
                break
            except OSError:
                continue
        else:
            raise RuntimeError("no free port")
    return _port


def endpoint(addr, port=None):
    port = bgp_port() if port is None else port
    return ("[%s]:%d" if ":" in addr else "%s:%d") % (addr, port)
