# SPDX-License-Identifier: ISC
"""Waiting for conditions, with a deadline and never for luck."""

import ctypes
import os
import signal
import threading
import time

_libc = ctypes.CDLL(None)

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


def with_parent():
    """In a new child: die if the test run dies, whatever ends it."""
    pr_set_pdeathsig = 1
    _libc.prctl(pr_set_pdeathsig, signal.SIGKILL)
