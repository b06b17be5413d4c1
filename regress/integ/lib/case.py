# SPDX-License-Identifier: ISC
"""The base of tests that share one running suite a class."""

import sys
import unittest

from . import net
from .speaker import Speaker
from .suite import Suite

ASN = 64500


class Case(unittest.TestCase):
    """A class names its peers; its tests each use their own of them.

    The suite starts before the first test and stops, checked, after the
    last.  Should a test have ended it, the next one starts a new one.
    """

    peers = ()
    conf = {}
    privileged = False          # as root even with sanitizers

    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(peers=cls.peers, name=cls.__name__, asn=ASN,
                          **cls.conf)
        if cls.privileged:
            cls.suite.wrapper = []
        cls.suite.start()

    @classmethod
    def tearDownClass(cls):
        suite, cls.suite = cls.suite, None
        try:
            suite.stop()
        except BaseException:
            suite.kill()
            raise

    def setUp(self):
        cls = type(self)
        if cls.suite.proc is None or cls.suite.proc.poll() is not None:
            cls.suite.kill()
            cls.setUpClass()
        self.suite = cls.suite
        with open(self.suite.log, "ab") as log:
            log.write(("==== %s\n" % self.id()).encode())

    def run(self, result=None):
        before = len(result.errors) if result else 0
        bad = getattr(result, "failed", before)
        super().run(result)
        if getattr(result, "failed", bad) > bad and self.suite:
            sys.stdout.write("---- %s\n%s----\n" % (
                self.suite.log, self.suite.tail(30)))

    # ------------------------------------------------------------- speakers

    def speaker(self, n, asn=None, up=True, v6=False, **kw):
        """A speaker at address n, by default with AS 65000 + n."""
        s = Speaker(net.v6(n) if v6 else net.v4(n),
                    65000 + n if asn is None else asn,
                    remote=self.suite.addr6 if v6 else self.suite.addr, **kw)
        self.addCleanup(s.stop)
        if up:
            s.establish()
        return s
