# SPDX-License-Identifier: Apache-2.0
"""The plot of a benchmark's ratios: one bar a line, its target as a mark, on a logarithmic axis."""

import math
from xml.sax.saxutils import escape

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .bar { fill: #0969da } .missed { fill: #cf222e } .target { stroke: #1f2328; stroke-width: 2 }
  .grid { stroke: #d0d7de } .page { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bar { fill: #58a6ff } .missed { fill: #ff7b72 } .target { stroke: #e6edf3 }
    .grid { stroke: #30363d } .page { fill: #0d1117 }
  }
"""


def svg(lines):
    """`lines` are (row, against, ratio, target)."""
    left, width, height = 400, 900, 26
    low = min([0.1] + [ratio for _, _, ratio, _ in lines])
    high = max([10.0] + [ratio for _, _, ratio, _ in lines])
    span = math.log(high * 1.4 / low)
    at = lambda ratio: left + (width - left - 70) * math.log(max(ratio, low) / low) / span
    tall = 50 + height * len(lines)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall}" viewBox="0 0 {width} {tall}">',
             f"<style>{STYLE}</style>", f'<rect class="page" width="{width}" height="{tall}"/>']
    for tick in (0.1, 0.3, 1, 3, 10, 30):
        if low <= tick <= high * 1.3:
            parts.append(f'<line class="grid" x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="24" y2="{tall - 8}"/>')
            parts.append(f'<text x="{at(tick):.1f}" y="17" text-anchor="middle">{tick:g}x</text>')
    for number, (row, against, ratio, target) in enumerate(lines):
        y = 32 + number * height
        less = "echo" in row or "CPU" in row
        missed = ratio > target if less else ratio < target
        parts.append(f'<text x="12" y="{y + 14}">{escape(row)}</text>')
        parts.append(f'<text x="215" y="{y + 14}">{escape(against)}</text>')
        start, end = sorted((at(1), at(ratio)))
        parts.append(f'<rect class="{"missed" if missed else "bar"}" x="{start:.1f}" y="{y + 2}" '
                     f'width="{max(end - start, 2):.1f}" height="16"/>')
        parts.append(f'<line class="target" x1="{at(target):.1f}" x2="{at(target):.1f}" y1="{y}" y2="{y + 20}"/>')
        parts.append(f'<text x="{width - 62}" y="{y + 14}">{ratio:.2f}x</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
