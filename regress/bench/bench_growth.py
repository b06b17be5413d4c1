# SPDX-License-Identifier: ISC
"""How time and memory grow with the work: loads 1 and 3 at a quarter, half,
one and two times their size, and load 3's table among 25 and 50 peers.

A point is the median of several runs; all points take turns, so that what
disturbs the machine for a while disturbs all of them alike.  Runs in which
other programs took more than QUIET of a processor are made again, until there
are twice as many runs as were asked for, and where QUIET_RUNS were quiet the
median is that of these.

Linear means: no measured value is further than 15 percent from the straight
line (least squares, each value weighed by its own size) through all of them;
the line's offset is what does not depend on the size.
"""

import statistics

# Quiet runs of a point: as many as were asked for, where these are short at
# least RUNS_SHORT.
RUNS = 5
RUNS_SHORT = 5
SHORT_SECONDS = 2
QUIET = 0.15
QUIET_RUNS = 3
SIZES = (0.25, 0.5, 1, 2)
LIMIT = 0.15
FAN_OUT = 2.1
QUANTITIES = (("seconds", "time", 1e6, "us"), ("cpu", "CPU", 1e6, "us"),
              ("growth_kib", "memory", 1024, "bytes"))


def line(xs, ys):
    """Offset, slope and the largest distance, all in relation to y."""
    w = [1 / y ** 2 for y in ys]
    sw = sum(w)
    mx = sum(a * x for a, x in zip(w, xs)) / sw
    my = sum(a * y for a, y in zip(w, ys)) / sw
    slope = sum(a * (x - mx) * (y - my) for a, x, y in zip(w, xs, ys)) / \
        sum(a * (x - mx) ** 2 for a, x in zip(w, xs))
    offset = my - slope * mx
    return offset, slope, max(abs(offset + slope * x - y) / y
                              for x, y in zip(xs, ys))


class Point:
    """The runs of a load of one size."""

    def __init__(self, load, scale, peers):
        self.args = (load, scale, peers)
        self.runs = []
        self.failed = False

    def quiet(self):
        return [p for p in self.runs if p.get("foreign_cores", 0) <= QUIET]

    def wants(self, asked):
        """Another run, where so many are asked for?"""
        if self.failed or len(self.runs) < asked:
            return not self.failed
        if self.median("seconds") < SHORT_SECONDS:
            asked = max(asked, RUNS_SHORT)
        return len(self.quiet()) < asked and len(self.runs) < 2 * asked

    def play(self, run):
        got = run(*self.args)
        self.failed = got is None
        if got:
            self.runs.append(got)

    def median(self, key):
        runs = self.quiet()
        if len(runs) < QUIET_RUNS:
            runs = self.runs
        return statistics.median(p[key] for p in runs)

    def result(self):
        """A dict, or None of what never ended well."""
        if not self.runs:
            return None
        out = {"prefixes": self.runs[0]["prefixes"], "runs": self.runs,
               "quiet": len(self.quiet())}
        for key, _, _, _ in QUANTITIES:
            out[key] = self.median(key)
        return out


def play_all(points, run, asked):
    again = True
    while again:
        again = False
        for p in points:
            if p.wants(asked):
                p.play(run)
                again = True


def measure(run, asked=0):
    """run(load, scale, peers) gives a run as a dict or None."""
    out = {"lines": {}, "fan_out": None}
    sizes = {load: [Point(load, x, 0) for x in SIZES] for load in ("S1", "S3")}
    fan = [Point("S3", 1, 25), Point("S3", 1, 50)]
    play_all(sizes["S1"] + sizes["S3"] + fan, run, asked or RUNS)
    for load in sizes:
        points = [p for p in (x.result() for x in sizes[load]) if p]
        fits = {}
        for key, title, _, _ in QUANTITIES:
            if len(points) >= 3 and all(p[key] > 0 for p in points):
                offset, slope, off = line([p["prefixes"] for p in points],
                                          [p[key] for p in points])
                fits[key] = {"offset": offset, "slope": slope, "off": off,
                             "linear": off <= LIMIT}
        out["lines"][load] = {"points": points, "fits": fits}
    few, many = [p.result() for p in fan]
    if few and many:
        ratio = many["seconds"] / few["seconds"]
        out["fan_out"] = {"peers": [25, 50], "prefixes": few["prefixes"],
                          "seconds": [few["seconds"], many["seconds"]],
                          "cpu": [few["cpu"], many["cpu"]],
                          "runs": [few["runs"], many["runs"]],
                          "quiet": [few["quiet"], many["quiet"]],
                          "ratio": ratio, "within": ratio <= FAN_OUT}
    return out


def spread(runs):
    times = [p["seconds"] for p in runs]
    return min(times), max(times)


def text(g):
    rows = []
    for load, l in g["lines"].items():
        rows.append("growth, load %-6s prefixes    time s     CPU s"
                    "  growth MiB  us a prefix  bytes a prefix  runs (quiet)"
                    % load[1:])
        for p in l["points"]:
            rows.append("%28d%10.3f%10.3f%12.1f%13.3f%16.1f%6d (%d)" % (
                p["prefixes"], p["seconds"], p["cpu"],
                p["growth_kib"] / 1024,
                p["seconds"] * 1e6 / p["prefixes"],
                p["growth_kib"] * 1024 / p["prefixes"], len(p["runs"]),
                p["quiet"]))
        for key, title, scale, unit in QUANTITIES:
            f = l["fits"].get(key)
            if f:
                rows.append(
                    "  %-6s %.3f %s a prefix more, at most %.1f %% off the "
                    "line: %s" % (title, f["slope"] * scale, unit,
                                  f["off"] * 100, "linear" if f["linear"]
                                  else "NOT linear within 15 %"))
    f = g["fan_out"]
    if f:
        rows.append("fan-out, load 3, %d prefixes: %s, %.2f times (at most "
                    "%.1f: %s)" % (f["prefixes"], ", ".join(
                        "%d peers %.3f s (%d runs, %d quiet, %.3f to %.3f)" % (
                            (peers, seconds, len(runs), quiet) + spread(runs))
                        for peers, seconds, runs, quiet in zip(
                            f["peers"], f["seconds"], f["runs"], f["quiet"])),
                        f["ratio"], FAN_OUT, "yes" if f["within"] else "NO"))
    return "\n".join(rows)
