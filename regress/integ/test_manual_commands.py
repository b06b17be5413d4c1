# SPDX-License-Identifier: ISC
"""The examples of the manuals: every command and option has one, and each is
a command line that the programs take."""

import getopt
import glob
import os
import re
import shlex
import tempfile
import unittest

from lib import net, wait
from lib.suite import ROOT, TREE, Suite, passive

OPTIONS = {"bgpctl": "C:c:f:hjk:n:Ps:t:V", "bgpd": "df:nt:vV"}
NOBODY = "127.0.0.1:9"
USAGE, NO_DAEMON = 2, 3
ESCAPES = {"\\e": "\\", "\\(aq": "'", "\\(dq": '"', "\\-": "-"}

# The files that examples name, wherever they have them.
FILES = {
    "new.yaml": "asn: 64500\nrouter_id: 192.0.2.9\n"
                "peers: [{address: 192.0.2.1, remote_as: 64501}]\n",
    "networks.txt": "203.0.113.0/25 med 5\n",
    "prefixes.txt": "198.51.100.0/24\n",
    "patterns.txt": "^64501_\n",
    "token": "a-token-of-an-operator\n",
    "ca.pem": "", "operator.pem": "", "operator.key": "",
}
FILES["lab.yaml"] = FILES["new.yaml"]


def plain(text):
    """A line of a page as it is shown."""
    return re.sub(r"\\(?:\(..|.)", lambda m: ESCAPES[m.group()], text)


def prompts(page):
    """The commands of a page: (its section, what is behind the prompt)."""
    with open(os.path.join(ROOT, "man", page)) as f:
        lines = f.read().splitlines()
    section, found, open_end = "", [], False
    for line in lines:
        if line.startswith(".Sh "):
            section = line[4:]
        if line.startswith(".Dl ") and '"' in line:
            raise AssertionError("%s: %s: a quote is \\(dq" % (page, line))
        m = re.match(r"(?:\.Dl )?[$#] (.*)", line)
        if open_end:
            found[-1][1] += plain(line.lstrip())
        elif m:
            found.append([section, plain(m.group(1))])
        else:
            continue
        open_end = found[-1][1].endswith("\\")
        if open_end:
            found[-1][1] = found[-1][1][:-1]
    return found


class Example:
    """One run of a program in a line; a pipe may have several."""

    def __init__(self, page, section, line, words):
        self.page, self.section, self.line = page, section, line
        self.name = words[0]
        try:
            self.options, self.words = getopt.getopt(words[1:],
                                                     OPTIONS[self.name])
        except getopt.GetoptError as e:
            raise AssertionError("%s: %s" % (self, e)) from None

    def __str__(self):
        return "%s: %s" % (self.page, self.line)

    def has(self, option):
        return option in dict(self.options)

    def command(self, directory, endpoint=None):
        """To be run in the directory with the files."""
        argv = [os.path.join(TREE, "sbin", self.name)]
        for option, value in self.options:
            if option == "-s":
                tls = value.startswith("https://")
                value = ("https://" if tls else "") + endpoint
            argv += [option, value] if value else [option]
        if endpoint and not self.has("-s") and not self.has("-f"):
            argv += ["-s", endpoint]
        return [x.replace("/etc/bgpgg", directory) for x in argv + self.words]


def examples():
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "man/*.[58]"))):
        page = os.path.basename(path)
        for section, line in prompts(page):
            lexer = shlex.shlex(line.replace(" 2>&1", ""), posix=True,
                                punctuation_chars="|&>")
            lexer.whitespace_split = True
            lexer.commenters = ""
            runs = [[]]
            for word in lexer:
                if set(word) <= set("|&>"):
                    runs.append([])     # what is behind ">" is no program
                else:
                    runs[-1].append(word)
            found += [Example(page, section, line, words) for words in runs
                      if words and words[0] in OPTIONS]
    return found


class Manuals(unittest.TestCase):
    def setUp(self):
        self.examples = examples()
        self.env = Suite(name="manuals").environment()
        d = tempfile.TemporaryDirectory()
        self.addCleanup(d.cleanup)
        self.dir = d.name
        os.chmod(self.dir, 0o755)       # bgpd may be another user
        for name, text in FILES.items():
            with open(os.path.join(self.dir, name), "w") as f:
                f.write(text)

    def run_in(self, command):
        return wait.output_of(command, cwd=self.dir, env=self.env)

    def of(self, name):
        return [e for e in self.examples if e.name == name]

    def test_every_command_has_one(self):
        status, out, _ = self.run_in([os.path.join(TREE, "sbin/bgpctl"),
                                      "help"])
        self.assertEqual(status, 0)
        commands = [x.split(" [")[0].split() for x in
                    re.findall(r"^  (\w.*)$", out.decode(), re.M)]
        self.assertGreater(len(commands), 40)
        without = {" ".join(c) for c in commands}
        for e in self.examples:
            if (e.page, e.name) != ("bgpctl.8", "bgpctl") or \
                    e.section != "DESCRIPTION":
                continue
            fits = [c for c in commands if len(c) <= len(e.words) and all(
                word.isupper() or word == given
                for word, given in zip(c, e.words))]
            if fits:
                without.discard(" ".join(max(fits, key=len)))
        self.assertFalse(without, "no example in bgpctl(8)")

    def test_every_option_has_one(self):
        for name, options in OPTIONS.items():
            status, _, err = self.run_in(
                [os.path.join(TREE, "sbin", name), "-?"])
            self.assertNotEqual(status, 0)
            usage = err.decode().split("commands")[0]
            known = set("".join(re.findall(r"\[?-(\w+)[\] ]", usage)))
            self.assertEqual(known, set(options) - {":"}, usage)
            used = {o[1] for e in self.of(name) for o, _ in e.options
                    if e.page == name + ".8"}
            self.assertEqual(known, used, "options with examples: " + name)

    def test_none_twice(self):
        seen = [e.line for e in self.examples if e.page == "bgpctl.8"]
        self.assertEqual(sorted(set(seen)), sorted(seen))

    def test_lines_are_taken(self):
        """Nothing but the daemon is missing."""
        for e in self.of("bgpctl"):
            with self.subTest(str(e)):
                status, _, err = self.run_in(e.command(self.dir, NOBODY))
                alone = e.has("-f") or e.has("-h") or e.has("-V") or (
                    e.words[0] in ("help", "complete") or
                    e.words[-1] == "?")
                self.assertEqual(status, 0 if alone else NO_DAEMON, err)

    @unittest.skipUnless(net.private(), "the addresses are not ours")
    def test_values_are_taken(self):
        """A daemon may refuse, but only it."""
        with Suite(name="examples", peers=[
                passive("192.0.2.1", remote_as=64501)]) as suite:
            for e in self.of("bgpctl"):
                if e.has("-f") or e.has("-C") or "https:" in e.line:
                    continue
                argv = e.command(self.dir, suite.grpc)
                if "watch" in argv:
                    argv += ["count", "1"]      # the last one counts
                with self.subTest(str(e)):
                    status, _, err = self.run_in(argv)
                    self.assertIn(status, (0, 1), err)

    def test_lines_of_bgpd(self):
        self.assertTrue(self.of("bgpd"))
        for e in self.of("bgpd"):
            with self.subTest(str(e)):
                argv = e.command(self.dir)
                if not e.has("-f"):
                    argv += ["-f", "new.yaml"]
                status, _, err = self.run_in(argv + ["-n"])
                self.assertEqual(status, 0, err)
