# SPDX-License-Identifier: ISC
"""A plot of ratios to the best peer, for the README: SVG without a library.

One group a line of the table with a bar for time (or the 99th percentile)
and one for memory; the scale is logarithmic, the peer is the line at 1.
Alone: bench_plot.py build/bench/bench.json > plot.svg
"""

import json
import math
import re
import sys
from xml.sax.saxutils import escape

LEFT, WIDTH, BAR, GAP, TOP = 330, 420, 9, 12, 58
LOW, HIGH = 0.01, 2.0
BARS = (("time s", "#2f6f9f", "time"), ("99 % ms", "#2f6f9f", "time"),
        ("growth MiB", "#d9822b", "memory over idle"))
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)


def x_of(ratio):
    ratio = min(max(ratio, LOW), HIGH)
    return LEFT + WIDTH * math.log(ratio / LOW) / math.log(HIGH / LOW)


def groups(rows):
    """[(line, [(quantity, colour, ratio, peer)])] of lines with a ratio."""
    out = {}
    for r in rows:
        for quantity, colour, _ in BARS:
            if r["quantity"] == quantity and r["ratio"]:
                out.setdefault(r["load"], []).append(
                    (quantity, colour, r["ratio"], r["best_peer"]))
    return list(out.items())


def svg(rows, titles, note=""):
    parts, y = [], TOP
    for line, bars in groups(rows):
        head, _, rest = line.partition(" ")
        title = titles.get(head, "")
        if rest:
            title = rest if head == "S9" else "%s (%s)" % (title, rest)
        height = len(bars) * (BAR + 2)
        parts.append('<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (
            LEFT - 8, y + height / 2 + 3,
            escape("%s: %s" % (head.lstrip("S"),
                               re.sub(r"\bS(\d+)", r"load \1", title)))))
        for _, colour, ratio, peer in bars:
            x = x_of(ratio)
            parts.append(
                '<rect x="%d" y="%.1f" width="%.1f" height="%d" '
                'fill="%s"/>' % (LEFT, y, max(x - LEFT, 1), BAR, colour))
            parts.append('<text x="%.1f" y="%.1f" class="v">%s %s</text>' % (
                x + 4, y + BAR - 1, "%.2f" % ratio if ratio >= 0.095 else
                "%.3f" % ratio, escape(peer)))
            y += BAR + 2
        y += GAP
    bottom = y
    grid = []
    for t in TICKS:
        grid.append(
            '<line x1="%.1f" y1="%d" x2="%.1f" y2="%.1f" stroke="%s"/>' % (
                x_of(t), TOP - 6, x_of(t), bottom - GAP / 2,
                "#333333" if t == 1 else "#dddddd"))
        grid.append('<text x="%.1f" y="%d" text-anchor="middle" class="v">'
                    '%g</text>' % (x_of(t), TOP - 10, t))
    head = "bgpgg in relation to the best peer of each load"
    if note:
        head += " (%s sizes)" % note
    legend, x = [], LEFT
    for colour, name in (("#2f6f9f", "time until all is there (load 11: "
                          "99th percentile)"),
                         ("#d9822b", "memory over idle")):
        legend.append('<rect x="%d" y="24" width="9" height="9" '
                      'fill="%s"/><text x="%d" y="32">%s</text>' %
                      (x, colour, x + 13, escape(name)))
        x += 300
    width = LEFT + WIDTH + 90
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'viewBox="0 0 %d %d">\n<style>text{font:11px sans-serif;'
            'fill:#222222}.v{font-size:10px;fill:#555555}</style>\n'
            '<rect width="100%%" height="100%%" fill="#ffffff"/>\n'
            '<text x="12" y="16" style="font-weight:bold">%s; less is '
            'better</text>\n%s\n</svg>\n' % (
                width, bottom + 4, width, bottom + 4, escape(head),
                "\n".join(legend + grid + parts)))


def main():
    with open(sys.argv[1]) as f:
        result = json.load(f)
    sys.stdout.write(svg(result["summary"], result.get("titles", {}),
                         "quick" if result["quick"] else ""))


if __name__ == "__main__":
    main()
