# SPDX-License-Identifier: Apache-2.0
"""The plot of a benchmark's ratios: one bar a line from 1x, its target as a mark, on a logarithmic axis."""

import math
from xml.sax.saxutils import escape

STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .head { font-weight: 600 } .quiet { fill: #59636e } .right { text-anchor: end } .middle { text-anchor: middle }
  .met { fill: #0969da } .missed { fill: #cf222e } .none { fill: #9198a1 }
  .target { stroke: #1f2328; stroke-width: 2.5 } .grid { stroke: #d1d9e0 } .one { stroke: #818b98; stroke-width: 1.5 }
  .page { fill: #ffffff }
"""
DARK = """
  text { fill: #f0f6fc } .quiet { fill: #9198a1 }
  .met { fill: #4493f8 } .missed { fill: #f85149 } .none { fill: #656c76 }
  .target { stroke: #f0f6fc } .grid { stroke: #3d444d } .one { stroke: #656c76 }
  .page { fill: #0d1117 }
"""
WIDTH, STEP, GAP = 980, 24, 12
ROW, AGAINST, LEFT, RIGHT, VALUE, TARGET = 20, 238, 420, 780, 850, 960
TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


def svg(lines):
    """`lines` are report.Line; those with a ratio are drawn."""
    lines = [line for line in lines if line.unit == "x"]
    values = [value for line in lines for value in (line.value, line.target) if value]
    low, high = min([0.5, *values]) / 1.15, max([2.0, *values]) * 1.15

    def at(ratio):
        return round(LEFT + (RIGHT - LEFT) * math.log(ratio / low) / math.log(high / low), 1)

    parts, y, group = [], 66, None
    for line in lines:
        if line.group != group:
            group = line.group
            y += GAP if parts else 0
            parts.append(f'<text class="head" x="{ROW}" y="{y + 13}">{escape(group)}'
                         f'{", less is better" if line.less else ""}</text>')
            y += STEP
        parts += _bar(line, y, at)
        y += STEP
    tall = y + 16
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" viewBox="0 0 {WIDTH} {tall}" role="img">',
        "<title>Freshet against its peers: ratios of medians</title>",
        f"<style>{STYLE}@media (prefers-color-scheme: dark) {{{DARK}}}</style>",
        f'<rect class="page" width="{WIDTH}" height="{tall}"/>', *_legend(), *_axis(low, high, at, tall), *parts, "</svg>", ""])


def _bar(line, y, at):
    kind = {"ok": "met", "MISSED": "missed"}.get(line.verdict, "none")
    start, end = sorted((at(1), at(line.value)))
    yield f'<text x="{ROW}" y="{y + 13}">{escape(line.row)}</text>'
    yield f'<text class="quiet" x="{AGAINST}" y="{y + 13}">{escape(line.against)}</text>'
    yield f'<rect class="{kind}" x="{start}" y="{y + 1}" width="{max(end - start, 2):.1f}" height="16" rx="2"/>'
    if line.target:
        yield f'<line class="target" x1="{at(line.target)}" x2="{at(line.target)}" y1="{y - 2}" y2="{y + 20}"/>'
    yield f'<text class="right head" x="{VALUE}" y="{y + 13}">{line.value_text}</text>'
    if line.target:
        yield f'<text class="right quiet" x="{TARGET}" y="{y + 13}">{escape(line.target_text)}</text>'


def _legend():
    x = ROW
    for kind, text, step in (("met", "target met", 110), ("missed", "missed", 85), ("none", "no target", 100)):
        yield f'<rect class="{kind}" x="{x}" y="11" width="14" height="14" rx="2"/><text x="{x + 20}" y="23">{text}</text>'
        x += step
    yield f'<line class="target" x1="{x + 5}" x2="{x + 5}" y1="8" y2="28"/><text x="{x + 16}" y="23">target</text>'


def _axis(low, high, at, tall):
    for tick in TICKS:
        if low <= tick <= high:
            yield f'<line class="{"one" if tick == 1 else "grid"}" x1="{at(tick)}" x2="{at(tick)}" y1="58" y2="{tall - 10}"/>'
            yield f'<text class="quiet middle" x="{at(tick)}" y="50">{tick:g}x</text>'
