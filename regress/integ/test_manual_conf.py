# SPDX-License-Identifier: ISC
"""The examples of bgpd.conf(5): bgpd takes each, and no key is without one."""

import os
import re
import shutil
import subprocess
import unittest

from lib import certs
from lib.suite import ROOT, Suite

MANUAL = "man/bgpd.conf.5"

# Where the examples of a section are put, at the mark; those of every other
# section are put at the top.  A line of the frame gives way to the same key
# of the example.
FRAMES = {
    "PEERS": """\
peers:
  -
    address: 192.0.2.2
    @
""",
    "NETWORKS": """\
networks:
  -
    prefix: 198.51.100.0/24
    @
""",
    "BMP SERVERS": """\
bmp_servers:
  -
    address: 192.0.2.9:11019
    @
""",
    "Conditions": """\
policy-definitions:
  - name: framed
    statements:
      - actions: {accept: true}
        conditions:
          @
""",
    "Actions": """\
policy-definitions:
  - name: framed
    statements:
      - actions:
          @
"""}
# Sections with displays that are no examples.
OTHER = ("DESCRIPTION", "AS PATH PATTERNS")
# What a file must have, and what an example may refer to.
BASE = "asn: 64500\nrouter_id: 192.0.2.1\n"
NAMED = ("defined-sets", "policy-definitions")


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def displays():
    """What the manual shows literally: (line, section, text)."""
    section, block = None, None
    for n, line in enumerate(read(MANUAL).splitlines(), 1):
        if line.startswith((".Sh ", ".Ss ")):
            section = line[4:]
        elif line.startswith(".Bd -literal"):
            began, block = n, ""
        elif line.startswith(".Ed"):
            yield began, section, block
            block = None
        elif block is not None or line.startswith(".Dl "):
            for escape, char in ((r"\(dq", '"'), (r"\&", ""), (r"\e", "\\")):
                line = line.replace(escape, char)
            if block is None:
                yield n, section, line[4:] + "\n"
            else:
                block += line + "\n"


def examples():
    for line, section, text in displays():
        text = text.replace("---\n", "")
        if re.match(r"[\w-]+:\s", text):
            yield line, section, text
        elif section not in OTHER:
            raise AssertionError("%s:%d: what is this?" % (MANUAL, line))


def parts(text):
    """The top level of a file: key and text."""
    return re.findall(r"^((\S+?):.*\n(?:[ #].*\n)*)", text, re.M)


def framed(section, text):
    """An example in its place."""
    own = re.findall(r"^([\w-]+):", text, re.M)
    out = ""
    for line in FRAMES.get(section, "@\n").splitlines():
        key = line.strip().split(":")[0]
        if key == "@":
            indent = line[:-1]
            out += "".join(indent + x + "\n" for x in text.splitlines())
        elif key not in own or not line.startswith(" "):
            out += line + "\n"
    return out


def tables():
    """The keys of each table, by what messages call it."""
    found = {}
    folder = os.path.join(ROOT, "bgpd")
    for name in sorted(os.listdir(folder)):
        if not re.match(r"conf_\w+\.c$", name):
            continue
        source = read("bgpd/" + name).replace("\\\n", " ")
        macros = dict(re.findall(
            r'^#define (\w+_ROW)\b.*?\.name = (?:"([^"]*)"|\(key\))',
            source, re.M))
        rows = {}
        for array, body in re.findall(
                r"^static const struct conf_key (\w+)\[\] = \{\n(.*?)^\};",
                source, re.M | re.S):
            rows[array] = [
                key or macros[macro] or given for key, macro, given in
                re.findall(r'\.name = "([^"]+)"|\b(\w+_ROW)\b'
                           r'(?:\("([^"]+)")?', body)]
        for what, array in re.findall(
                r'^const struct conf_table \w+ = \{\s*\.what = "([^"]+)",\s*'
                r'\.keys = (\w+)', source, re.M) + [
                    (what, array) for array, what in re.findall(
                        r'^\w+_TABLE\(\w+, (\w+),\s*"([^"]+)"\);', source,
                        re.M)]:
            assert what not in found, what
            found[what] = rows[array]
    return found


class Examples(unittest.TestCase):
    def setUp(self):
        self.suite = Suite(name="manual")
        self.examples = list(examples())
        # The files that a listener needs.
        ca = certs.Authority(self.suite.dir, "manual")
        for path, name in zip((ca.crt,) + ca.issue("api"),
                              ("clients.crt", "api.key", "api.crt")):
            shutil.move(path, os.path.join(self.suite.dir, name))
        readers = os.path.join(self.suite.dir, "readers")
        with open(readers, "w") as f:
            f.write("0123456789abcdef\n")
        certs.secret(readers)
        self.base = dict((key, text) for text, key in parts(BASE))
        for _, section, text in self.examples:
            if section not in FRAMES:
                self.base.update((key, part) for part, key in parts(text)
                                 if key in NAMED)

    def check(self, text):
        """What bgpd says of a file."""
        self.suite.write(text.replace("/etc/bgpgg", self.suite.dir))
        r = subprocess.run(
            [self.suite.program(), "-n", "-f", self.suite.file],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.suite.environment(), timeout=60)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        return r.returncode, r.stderr.decode()

    def whole(self, section, text):
        """A file with an example, and with what it does not have itself."""
        text = framed(section, text)
        own = [key for _, key in parts(text)]
        return "".join(part for key, part in self.base.items()
                       if key not in own) + text

    def test_places(self):
        """Every frame has a section, every example is taken there."""
        sections = [section for _, section, _ in self.examples]
        self.assertEqual(set(FRAMES) - set(sections), set())
        self.assertEqual(set(NAMED) - set(self.base), set())
        bad = []
        for line, section, text in self.examples:
            rc, err = self.check(self.whole(section, text))
            if rc != 0:
                bad.append("%s:%d: %s%s" % (MANUAL, line, text, err))
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_keys(self):
        """Every key of every table is in an example of its section.

        Which table a key of an example is of, bgpd knows: it names it when
        the key is spelt wrong.  What is at the top of a framed example is of
        the table that the section describes.
        """
        want = tables()
        listed = re.search(r"conf_tables\[\] = \{(.*?)\}",
                           read("bgpd/conf_schema.c"), re.S).group(1)
        self.assertEqual(len(want), listed.count("&table_"))
        seen, home = {}, {}
        for line, section, text in self.examples:
            for m in re.finditer(r"(?:^|(?<=[\s{]))([a-z][\w-]*):(?=\s)",
                                 text):
                key = m.group(1)
                rc, err = self.check(self.whole(
                    section, text[:m.start()] + "x-" + text[m.start():]))
                found = re.search(r": unknown key x-%s in (.*?)(?: \(|$)"
                                  % re.escape(key), err, re.M)
                self.assertTrue(found, "%s:%d: %s: %s" % (
                    MANUAL, line, key, err))
                what = found.group(1)
                seen.setdefault((what, key), set()).add(section)
                if section in FRAMES and text[:m.start()][-1:] in ("", "\n"):
                    home[what] = section
        self.assertEqual(set(home.values()), set(FRAMES))
        lacking = []
        for what, keys in want.items():
            for key in keys:
                sections = seen.get((what, key), set()) - {"EXAMPLES"}
                if what in home:
                    sections &= {home[what]}
                if not sections:
                    lacking.append("%s of %s" % (key, what))
        self.assertEqual(lacking, [])
