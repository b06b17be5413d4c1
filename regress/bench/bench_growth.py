# SPDX-License-Identifier: ISC
"""How time and memory grow with the work: loads 1 and 3 at a quarter, half,
one and two times their size, and load 3's table among 25 and 50 peers.

Linear means: no measured value is further than 15 percent from the straight
line (least squares, each value weighed by its own size) through all of them;
the line's offset is what does not depend on the size.
"""

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


def measure(run):
    """run(load, scale, peers) gives a dict or None."""
    out = {"lines": {}, "fan_out": None}
    for load in ("S1", "S3"):
        points = [p for p in (run(load, x, 0) for x in SIZES) if p]
        fits = {}
        for key, title, _, _ in QUANTITIES:
            if len(points) >= 3 and all(p[key] > 0 for p in points):
                offset, slope, off = line([p["prefixes"] for p in points],
                                          [p[key] for p in points])
                fits[key] = {"offset": offset, "slope": slope, "off": off,
                             "linear": off <= LIMIT}
        out["lines"][load] = {"points": points, "fits": fits}
    few, many = run("S3", 1, 25), run("S3", 1, 50)
    if few and many:
        ratio = many["seconds"] / few["seconds"]
        out["fan_out"] = {"peers": [25, 50], "prefixes": few["prefixes"],
                          "seconds": [few["seconds"], many["seconds"]],
                          "cpu": [few["cpu"], many["cpu"]],
                          "ratio": ratio, "within": ratio <= FAN_OUT}
    return out


def text(g):
    rows = []
    for load, l in g["lines"].items():
        rows.append("growth, load %-6s prefixes    time s     CPU s"
                    "  growth MiB  us a prefix  bytes a prefix" % load[1:])
        for p in l["points"]:
            rows.append("%28d%10.3f%10.3f%12.1f%13.3f%16.1f" % (
                p["prefixes"], p["seconds"], p["cpu"],
                p["growth_kib"] / 1024,
                p["seconds"] * 1e6 / p["prefixes"],
                p["growth_kib"] * 1024 / p["prefixes"]))
        for key, title, scale, unit in QUANTITIES:
            f = l["fits"].get(key)
            if f:
                rows.append(
                    "  %-6s %.3f %s a prefix more, at most %.0f %% off the "
                    "line: %s" % (title, f["slope"] * scale, unit,
                                  f["off"] * 100, "linear" if f["linear"]
                                  else "NOT linear within 15 %"))
    f = g["fan_out"]
    if f:
        rows.append("fan-out, load 3, %d prefixes: 25 peers %.3f s, 50 peers "
                    "%.3f s, %.2f times (at most %.1f: %s)" % (
                        f["prefixes"], f["seconds"][0], f["seconds"][1],
                        f["ratio"], FAN_OUT, "yes" if f["within"] else "NO"))
    return "\n".join(rows)
