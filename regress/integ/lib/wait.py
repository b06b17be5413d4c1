# SPDX-License-Identifier: ISC
"""Waiting for conditions, with a deadline and never for luck."""

import os
import signal
import subprocess
import tempfile
import threading
import time

# A loaded machine and a sanitizer build are slow; no test gets slower by it.
FACTOR = float(os.environ.get("INTEG_PATIENCE", "1"))


class Timeout(AssertionError):
    pass


class NoAnswer(AssertionError):
    """A program that was asked something did not answer (yet)."""


def until(condition, what, seconds=20, step=0.03):
    """Return the first true value of condition(); Timeout at the deadline.
    A condition that raises NoAnswer is not true yet."""
    end = time.monotonic() + seconds * FACTOR
    pause = threading.Event()
    while True:
        silent = None
        try:
            value = condition()
        except NoAnswer as e:
            value, silent = None, e
        if value:
            return value
        if time.monotonic() >= end:
            if silent is not None:
                raise silent
            raise Timeout("no %s within %g s" % (
                what() if callable(what) else what, seconds * FACTOR))
        pause.wait(step)


def holds(condition, what, seconds):
    """Check that condition() stays true for a while (nothing happens)."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < end:
        if not condition():
            raise AssertionError("%s did not hold" % what)
        pause.wait(0.03)


# In front of a command: it dies if the test run dies, whatever ends that.
# Not a preexec_fn: Python code between fork and exec can wait for ever for a
# lock that a thread of gRPC held at that moment.
WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]


def output_of(command, seconds=60, **kw):
    """Run a command to its end: its exit status, output and errors (bytes).

    What it has started may outlive it without being waited for; at the
    deadline all of it is killed and NoAnswer raised."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        p = subprocess.Popen(WITH_PARENT + command, stdin=subprocess.DEVNULL,
                             stdout=out, stderr=err, start_new_session=True,
                             **kw)
        try:
            status = p.wait(seconds * FACTOR)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass            # it ended just now
            p.wait()
            raise NoAnswer("%s: nothing within %g s" % (
                " ".join(command), seconds * FACTOR)) from None
        out.seek(0)
        err.seek(0)
        return status, out.read(), err.read()
