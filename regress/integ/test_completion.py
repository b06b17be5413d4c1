# SPDX-License-Identifier: ISC
"""Completion of bgpctl in bash, zsh and fish."""

import os
import pty
import re
import select
import shutil
import subprocess
import unittest

from lib import net, wait
from lib.suite import ROOT, TREE, Suite, passive

ETC = os.path.join(ROOT, "etc/completion")

# What readline and bash-completion give a function, for one command line.
BASH = r"""
. /usr/share/bash-completion/bash_completion
. "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { echo "(files)"; }
_bgpctl
printf '%s\n' "${COMPREPLY[@]}"
"""

SETUP = (b"PS1='READY''> '; fpath=(%s $fpath); autoload -Uz compinit; "
         b"compinit -u -D; setopt nobeep; stty cols 200; echo BE''GUN\n")


class Terminal:
    """An interactive zsh."""

    def __init__(self, env):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(ROOT)
            os.execvpe("zsh", ["zsh", "-f", "-i"], env)
        self.pid, self.fd, self.seen = pid, fd, b""

    def send(self, data):
        os.write(self.fd, data)

    def until(self, pattern):
        def there():
            while select.select([self.fd], [], [], 0)[0]:
                try:
                    data = os.read(self.fd, 4096)
                except OSError:
                    break
                if not data:
                    break
                self.seen += data
            m = re.search(pattern, self.seen, re.S)
            if m:
                self.seen = self.seen[m.end():]
            return m
        return wait.until(there, lambda: "%r in %r" % (pattern, self.seen), 20)

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = Suite(peers=[passive(net.v4(10), remote_as=65010),
                                 passive("2001:db8::2")],
                          name="completion").start()
        cls.addClassCleanup(cls.suite.kill)
        cls.env = dict(cls.suite.environment(), TERM="dumb", LISTMAX="0",
                       LC_ALL="C.UTF-8", HOME="/nonexistent")
        cls.env["PATH"] = os.path.join(TREE, "sbin") + ":" + cls.env["PATH"]
        cls.ctl = "bgpctl -s %s " % cls.suite.grpc

    @classmethod
    def tearDownClass(cls):
        cls.suite.stop()

    def bash(self, line):
        words = re.findall(r"[^\s:]+|:+", line)     # as readline parts it
        if line.endswith(" "):
            words.append("")
        status, out, err = wait.output_of(
            ["bash", "-c", BASH, "bash", os.path.join(ETC, "bgpctl.bash"),
             line] + words, env=self.env, cwd=ROOT)
        self.assertEqual((status, err), (0, b""))
        return out.decode().split()

    def fish(self, line):
        status, out, err = wait.output_of(
            ["fish", "--no-config", "-c", "source %s; complete -C '%s'" % (
                os.path.join(ETC, "bgpctl.fish"), line)],
            env=dict(self.env, HOME=self.suite.dir), cwd=ROOT)
        self.assertEqual(status, 0, err)
        return [x.split("\t")[0] for x in out.decode().splitlines()]

    def check(self, complete):
        self.assertEqual(complete("bgpctl sh"), ["show"])
        self.assertEqual(set(complete("bgpctl ")),
                         {"show", "reload", "config", "log", "watch",
                          "neighbor", "network", "set", "policy", "bmp"})
        self.assertEqual(set(complete("bgpctl -j nei 1.1.1.1 ")),
                         {"up", "down", "clear", "refresh"})
        self.assertEqual(set(complete(self.ctl + "show neighbor ")),
                         {net.v4(10), "2001:db8::2"})
        # Of somebody new there is no list, and no help without a daemon.
        self.assertEqual(complete(self.ctl + "neighbor add "), [])
        self.assertEqual(complete("bgpctl -s 127.0.0.1:1 show neighbor "), [])
        self.assertEqual(
            complete(self.ctl + "neighbor %s cl" % net.v4(10)), ["clear"])
        self.assertEqual(set(complete("bgpctl network add 10.0.0.0/8 origin ")
                             ), {"igp", "egp", "incomplete"})

    @unittest.skipUnless(os.path.exists(
        "/usr/share/bash-completion/bash_completion"), "no bash-completion")
    def test_bash(self):
        self.check(self.bash)
        # What readline takes for the word begins behind the last colon.
        self.assertEqual(self.bash(self.ctl + "neighbor 2001:"), ["db8::2"])
        self.assertEqual(self.bash("bgpctl network bulk add RE"), ["(files)"])
        self.assertEqual(self.bash("bgpctl -C RE"), ["(files)"])
        self.assertIn("-s", self.bash("bgpctl -"))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        self.check(self.fish)
        self.assertEqual(self.fish(self.ctl + "neighbor 2001:"),
                         ["2001:db8::2"])
        self.assertEqual(self.fish("bgpctl network bulk add READ"),
                         ["README.md"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        t = Terminal(self.env)
        self.addCleanup(t.close)
        t.send(SETUP % ETC.encode())
        t.until(b"BEGUN.*READY> ")
        for line, shown in (
                ("bgpctl sh", rb"bgpctl show "),
                (self.ctl + "neighbor 2001", rb" neighbor 2001:db8::2 "),
                (self.ctl + "neighbor %s cl" % net.v4(10), rb" clear "),
                (self.ctl + "show neighbor ",
                 re.escape(net.v4(10)).encode() + rb" +2001:db8::2"),
                ("bgpctl show rib 10.0.0.0/8 ", rb"covering .*covers PREFIX"),
                ("bgpctl network bulk add READ", rb" README.md ")):
            with self.subTest(line):
                t.send(line.encode() + b"\t")
                t.until(shown)
                t.send(b"\x15\n")       # the line away, a new prompt
                t.until(b"READY> ")
        t.send(b"exit\n")

    def test_words_are_those_of_the_table(self):
        """Every command can be reached word by word, each with its help."""
        def words(*before):
            out = subprocess.run(
                [self.suite.program("sbin/bgpctl"), "complete", *before, ""],
                stdout=subprocess.PIPE, check=True,
                env=self.suite.environment()).stdout.decode()
            return [x.split("\t")[0] for x in out.splitlines()]
        table = subprocess.run(
            [self.suite.program("sbin/bgpctl"), "help"],
            stdout=subprocess.PIPE, check=True,
            env=self.suite.environment()).stdout.decode()
        commands = re.findall(r"^  (\w.*)$", table, re.M)
        self.assertGreater(len(commands), 15)
        for command in commands:
            before = []
            for word in command.split():
                if word == "[option":
                    self.assertTrue([w for w in words(*before)
                                     if not w.startswith("@")], command)
                    break
                name = word.strip("[]")
                if name == "...":
                    continue
                offered = words(*before)
                if name.isupper():
                    self.assertTrue(
                        {"@" + name, "@NEIGHBOR"} & set(offered) or
                        (offered and offered[0][0] != "@"),
                        (command, offered))
                    name = "192.0.2.1"
                else:
                    self.assertIn(name, offered, command)
                before.append(name)
