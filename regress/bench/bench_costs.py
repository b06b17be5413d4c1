# SPDX-License-Identifier: ISC
"""Where the nanoseconds and bytes of a prefix go on load 1: a table for
ARCHITECTURE.md.

Four sources, each told as what it is: the stages of the engine in one
process (rde_micro -d, CPU time), how they fall to its parts (perf, samples by
source file), the instructions of each part (callgrind on a smaller table, by
source file; what the C library does counts for the file that called it), and
the CPU time of each process during load 1.  Bytes are rde_micro's, by
structure, and the growth of the suite's PSS.
"""

import os
import re
import shutil
import subprocess

MARK = "<!-- costs -->"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CALLGRIND_PREFIXES = 50000
# So many that making the load does not count beside them.
PERF_RUNS = 30
# stage of rde_micro: its title, what a prototype that does nothing else took
# on a quiet machine, parts of it (title, that floor, source files)
STAGES = (
    ("take", "taking UPDATEs in", 50, (
        ("framing, checks of attributes, NLRI", "7",
         r"common/(bgp_\w+|aspath|community|nlri|afi|addr|cursor|be)"
         r"\.[ch]"),
        ("attribute sets: hash, find, keep", "9",
         r"rde/attrs\.[ch]|common/hash\.[ch]"),
        ("index", "30, new entries with it", r"rde/prefix_index\.[ch]"),
        ("entries and paths, what changed", "2",
         r"rde/(update_in|rib|peer|counts|stale|inject|policy\w*|session)"
         r"\.[ch]|common/(slab|xmalloc)\.[ch]"))),
    ("decide", "deciding", 3, (
        ("best path, marking for groups", "3",
         r"rde/(rde|decision|sweep|reeval|walk)\.[ch]"),)),
    ("pack", "sending", 11, (
        ("Adj-RIB-Out", "6, grouping with it", r"rde/group\.[ch]"),
        ("grouping, own attributes, packing", "5", r"rde/(pack|export|dump)\.[ch]"))))
BYTES = (("entries", "entry with its best path"), ("index", "index"),
         ("attributes", "attribute sets and their table"),
         ("groups", "Adj-RIB-Out of one group, pending"),
         ("dirty", "entries to decide"), ("packer", "packing"))
PROCESSES = ("rde", "sessiond", "bgpd", "apid")


def details(micro, *args):
    out = subprocess.run([micro, "-d", *args, "s1a"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    found = {}
    for line in out.splitlines():
        kind, name, value = line.split()
        found.setdefault(kind, {})[name] = float(value)
    return found


def instructions(micro, out):
    """Instructions a prefix by source file; None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    n = CALLGRIND_PREFIXES
    if subprocess.run(["valgrind", "--tool=callgrind", "-q",
                       "--toggle-collect=feed",
                       "--callgrind-out-file=" + out, micro, "-r", "1", "-n",
                       str(n), "s1a"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        return None
    return {k: v / n for k, v in by_file(out).items()}


def by_file(path):
    """Callgrind's own costs by file; a library's count for the caller."""
    names, costs = {}, {}
    home = where = ""           # of the function, of the line
    foreign = callee_foreign = skip = False

    def name(kind, text):
        number, _, rest = text.partition(" ")
        if rest:
            names[kind, number] = rest
        return names.get((kind, number), "")
    with open(path) as f:
        for line in f:
            m = re.match(r"(c?)(ob|fl|fi|fe|fn)=(.*)", line)
            if m:
                kind = "file" if m[2] in ("fl", "fi", "fe") else m[2]
                text = name(kind, m[3])
                if m[2] == "ob":
                    if m[1]:
                        callee_foreign = "rde_micro" not in text
                    else:
                        foreign = "rde_micro" not in text
                elif not m[1] and kind == "file":
                    if m[2] == "fl":
                        home = text
                    # what a system header has inline is the function's
                    where = home if text.startswith("/usr/") else text
                elif m[2] == "fn" and m[1] == "":
                    callee_foreign = foreign
            elif line.startswith("calls="):
                skip = True
            elif re.match(r"[0-9+*-]", line):
                words = line.split()
                if len(words) < 2:
                    continue
                if not skip:
                    if not foreign:
                        costs[where] = costs.get(where, 0) + int(words[1])
                elif callee_foreign and not foreign and where != "???":
                    costs[where] = costs.get(where, 0) + int(words[1])
                if skip:
                    callee_foreign = foreign
                skip = False
    return costs


def samples(micro, out, n):
    """Share of each source file in the engine's user time by perf, and under
    "" that of the C library; None without perf."""
    if not shutil.which("perf") or subprocess.run(
            ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "4999", "-o",
             out, micro, "-r", str(PERF_RUNS), "-n", str(n), "s1a"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode != 0:
        return None
    text = subprocess.run(
        ["perf", "script", "-i", out, "-F", "ip", "--show-mmap-events"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    base, counts = None, {}
    for line in text.splitlines():
        m = re.search(r"\[0x([0-9a-f]+)\(0x([0-9a-f]+)\) @ (\w+) .*r-xp .*"
                      r"/rde_micro$", line)
        if m:
            base, size, at = int(m[1], 16), int(m[2], 16), int(m[3], 0)
        elif re.fullmatch(r"\s*[0-9a-f]+\s*", line):
            counts[int(line, 16)] = counts.get(int(line, 16), 0) + 1
    if base is None:
        return None
    ours = [a for a in counts if base <= a < base + size]
    names = subprocess.run(
        ["addr2line", "-e", micro], text=True, stdout=subprocess.PIPE,
        input="".join("%x\n" % (a - base + at) for a in ours)).stdout
    found = {"": sum(counts.values()) - sum(counts[a] for a in ours)}
    for a, name in zip(ours, names.splitlines()):
        name = os.path.relpath(name.rpartition(":")[0], ROOT)
        found[name] = found.get(name, 0) + counts[a]
    found = {k: v for k, v in found.items() if k == "" or
             re.match(r"(?:rde|common)/", k)}
    total = sum(found.values())
    return {k: v / total for k, v in found.items()}


def part(costs, pattern):
    return sum(v for k, v in costs.items()
               if re.search(r"(?:^|/)(?:%s)$" % pattern, k))


def suite_rows(out):
    """Nanoseconds a prefix of each process in load 1."""
    ph, n = out["phases"][0], out["prefixes"]
    rows, sums = [], {}
    for key, (cpu, kernel) in ph["by"].items():
        name = key.rsplit(" ", 1)[0]
        a, b = sums.get(name, (0, 0))
        sums[name] = a + cpu, b + kernel
    for name in sorted(sums, key=lambda x: -sums[x][0]):
        cpu, kernel = sums[name]
        rows.append((name, cpu * 1e9 / n, min(kernel, cpu) * 1e9 / n))
    return rows


def measure(build, out_dir, quick, suite):
    """Markdown; `suite` is a finished run of load 1, or None."""
    micro = os.path.join(build, "regress/bench/rde_micro")
    n = 100000 if quick else 1000000
    d = details(micro, "-r", "7", "-n", str(n))
    user = d["ns"]["all"] - d["ns"]["kernel"]
    shares = samples(micro, os.path.join(out_dir, "perf.costs"), n)
    costs = instructions(micro, os.path.join(out_dir, "callgrind.out"))
    rows = ["| where | ns a prefix | floor | instructions a prefix |",
            "|---|---:|---:|---:|"]
    known = 0
    for stage, title, floor, parts in STAGES:
        total = sum(part(costs, p) for _, _, p in parts) if costs else 0
        known += total
        rows.append("| **%s** | **%.0f** | **%d** | %s |" % (
            title, d["ns"][stage], floor, "**%.0f**" % total if costs else "–"))
        if (costs or shares) and len(parts) > 1:
            rows += ["| – %s | %s | %s | %s |" % (
                name, "%.0f" % (part(shares, p) * user) if shares else "",
                least, "%.0f" % part(costs, p) if costs else "")
                     for name, least, p in parts]
    if shares:
        rows.append("| copies, in the C library, of all these | %.0f | | |" %
                    (shares[""] * user))
    rows.append("| memory from the kernel, for all these | %.0f | 5 | |" %
                d["ns"]["kernel"])
    rest = sum(costs.values()) - known if costs else 0
    rows.append("| the engine alone, %s prefixes | **%.0f** | %d | %s |" % (
        "{:,}".format(n), d["ns"]["all"], sum(x[2] for x in STAGES),
        "%.0f, %.0f of them in none of these" % (known + rest, rest)
        if costs else "–"))
    if suite:
        for name, ns, kernel in suite_rows(suite):
            if ns >= 0.5:
                rows.append("| process %s in load 1 | %.0f | | of it in "
                            "the kernel about %.0f ns |" % (name, ns, kernel))
        ph = suite["phases"][0]
        rows.append("| **the suite in load 1, %s prefixes** | **%.0f** | | "
                    "done after %.0f ns a prefix |" % (
                        "{:,}".format(suite["prefixes"]),
                        ph["cpu"] * 1e9 / suite["prefixes"],
                        ph["seconds"] * 1e9 / suite["prefixes"]))
    rows += ["", "| where | bytes a prefix |", "|---|---:|"]
    rows += ["| %s | %.1f |" % (title, d["bytes"][key])
             for key, title in BYTES]
    rows.append("| **the engine's structures** | **%.1f** |" %
                sum(d["bytes"].values()))
    if suite:
        grown = (suite["phases"][0]["peak_pss_kib"] -
                 suite["idle_pss_kib"]) * 1024 / suite["prefixes"]
        rows.append("| **growth of the suite in load 1** | **%.1f** |" %
                    grown)
        foreign = suite["phases"][0]["foreign_cores"]
        if foreign > 0.15:
            rows += ["", "Other programs took %.1f processors meanwhile: "
                     "times are too high." % foreign]
    return "\n".join(rows) + "\n"


def write(text, document):
    """Put the table between the marks of a document."""
    with open(document) as f:
        head, _, tail = f.read().split(MARK)
    with open(document, "w") as f:
        f.write("%s%s\n%s%s%s" % (head, MARK, text, MARK, tail))
