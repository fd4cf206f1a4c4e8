"""Reliability diagrams as SVG: what was predicted against what came, to put in a page or open in a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from littriage.backtest.scores import ReliabilityBin

SIDE = 220.0
"""Width and height of the square of one panel, in pixels."""
LEFT, TOP = 48.0, 44.0
"""Place of the first square's upper left corner."""
COUNTS = 44.0
"""Height of the bars of counts below the square."""
ACROSS = 3
"""Panels in a row."""

_COLUMN = SIDE + 76
_BELOW = 34.0
_ROW = TOP + SIDE + _BELOW + COUNTS + 38
_CAP = 3.0
_BAR = 7.0
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

_STYLE = """
text{font:11px system-ui,sans-serif;fill:#1f2328}
.head{font-size:13px;font-weight:600}
.note,.count{fill:#59636e}
.count{font-size:9px;text-anchor:middle}
.x{text-anchor:middle}.y{text-anchor:end}
.axis,.grid,.ideal{fill:none;stroke:#59636e}
.grid{stroke-opacity:.2}
.ideal{stroke-dasharray:4 3}
.wilson{fill:none;stroke:#0b63c5;stroke-width:1.5}
.line{fill:none;stroke:#0b63c5;stroke-opacity:.45}
.dot{fill:#0b63c5}
.bar{fill:#0b63c5;fill-opacity:.45}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.note,.count{fill:#9aa4af}
.axis,.grid,.ideal{stroke:#9aa4af}
.wilson,.line{stroke:#6cb0ff}
.dot,.bar{fill:#6cb0ff}
}
"""

_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("Reliability of the forecasts", "预测的可靠性"),
        "predicted": ("predicted probability", "预测概率"),
        "observed": ("share that rose", "实际上升比例"),
        "rows": ("forecasts", "预测数"),
        "nothing": ("no forecasts", "没有预测"),
        "how": (
            "Dots on the dashed diagonal are right. Bars across dots: Wilson's 95% intervals. Bars below: forecasts.",
            "点落在虚线对角线上即为准确。点上的竖线：Wilson 95% 区间。下方的柱：预测数。",
        ),
        "bin": (
            "predicted {predicted:.0%}, rose {observed:.0%} of {rows:,}",
            "预测 {predicted:.0%}，{rows:,} 个中上升 {observed:.0%}",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ReliabilityPanel:
    """One diagram: a horizon, a stage, a size class."""

    title: str
    bins: Sequence[ReliabilityBin]
    note: str = ""
    """Small print below the title."""


def reliability_svg(panels: Sequence[ReliabilityPanel], language: str = "en") -> str:
    """Reliability diagrams side by side, three in a row, as one SVG document.

    It needs no other file, reads on light and dark pages, tells its figures in its description, and is the same text
    for the same panels. `language` is "en" or "zh"; titles and notes are the caller's.
    """
    rows = max(1, -(-len(panels) // ACROSS))
    width, height = _COLUMN * max(1, min(ACROSS, len(panels))), _ROW * rows + 18
    drawn = "".join(
        f'<g transform="translate({_n(place % ACROSS * _COLUMN)} {_n(place // ACROSS * _ROW)})">'
        f"{_panel(panel, language)}</g>\n"
        for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" '
        f'height="{_n(height)}" role="img" aria-labelledby="title desc" xml:lang="{language}">\n'
        f'<title id="title">{_text("title", language)}</title>\n'
        f'<desc id="desc">{escape(_described(panels, language))}</desc>\n'
        f"<style>{_STYLE}</style>\n{drawn}</svg>\n"
    )


def _panel(panel: ReliabilityPanel, language: str) -> str:
    return "".join(
        [
            _words(LEFT, 16, panel.title, "head"),
            _words(LEFT, 32, panel.note, "note") if panel.note else "",
            _axes(language),
            _points(panel.bins, language),
            _counts(panel.bins, language),
        ]
    )


def _axes(language: str) -> str:
    parts = [f'<path class="grid" d="{"".join(f"M{_x(t)} {_y(0)}V{_y(1)}M{_x(0)} {_y(t)}H{_x(1)}" for t in _TICKS)}"/>']
    parts.append(f'<path class="axis" d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}"/>')
    parts.append(f'<path class="ideal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>')
    for tick in _TICKS:
        parts.append(_words(LEFT + tick * SIDE, TOP + SIDE + 14, f"{tick:.0%}", "x"))
        parts.append(_words(LEFT - 5, TOP + SIDE * (1 - tick) + 4, f"{tick:.0%}", "y"))
    parts.append(_words(LEFT + SIDE / 2, TOP + SIDE + 29, _text("predicted", language), "x"))
    middle = TOP + SIDE / 2
    parts.append(
        f'<text class="x" transform="translate(11 {_n(middle)}) rotate(-90)">{_text("observed", language)}</text>'
    )
    return "".join(parts)


def _points(bins: Sequence[ReliabilityBin], language: str) -> str:
    if not bins:
        return _words(LEFT + SIDE * 0.7, TOP + SIDE * 0.7, _text("nothing", language), "x")
    joined = "L".join(f"{_x(part.predicted)} {_y(part.observed)}" for part in bins)
    parts = [f'<path class="line" d="M{joined}"/>']
    for part in bins:
        x = LEFT + part.predicted * SIDE
        caps = "".join(f"M{_n(x - _CAP)} {_y(end)}H{_n(x + _CAP)}" for end in (part.low, part.high))
        parts.append(f'<path class="wilson" d="M{_n(x)} {_y(part.low)}V{_y(part.high)}{caps}"/>')
    parts.extend(f'<circle class="dot" cx="{_x(p.predicted)}" cy="{_y(p.observed)}" r="3"/>' for p in bins)
    return "".join(parts)


def _counts(bins: Sequence[ReliabilityBin], language: str) -> str:
    """Bars of the number of forecasts, the tallest as high as there is room, with its figure over each."""
    floor = TOP + SIDE + _BELOW + COUNTS + 12
    most = max((part.rows for part in bins), default=0)
    parts = [_words(LEFT + SIDE / 2, floor + 14, _text("rows", language), "x note")]
    free = -1.0
    for part in bins:
        x, tall = LEFT + part.predicted * SIDE, COUNTS * part.rows / most
        parts.append(
            f'<rect class="bar" x="{_n(x - _BAR / 2)}" y="{_n(floor - tall)}" width="{_n(_BAR)}" height="{_n(tall)}"/>'
        )
        figure = f"{part.rows:,}"
        half = 2.9 * len(figure)
        # Figures that would run into one another are left out; the description has them all.
        if x - half > free:
            parts.append(_words(x, floor - tall - 2, figure, "count"))
            free = x + half
    return "".join(parts)


def _described(panels: Sequence[ReliabilityPanel], language: str) -> str:
    told = [_text("how", language)]
    for panel in panels:
        bins = "; ".join(
            _text("bin", language).format(predicted=part.predicted, observed=part.observed, rows=part.rows)
            for part in panel.bins
        )
        told.append(f"{panel.title}: {bins or _text('nothing', language)}.")
    return " ".join(told)


def _text(key: str, language: str) -> str:
    return _TEXTS[key][language == "zh"]


def _words(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{escape(words)}</text>'


def _x(share: float) -> str:
    return _n(LEFT + share * SIDE)


def _y(share: float) -> str:
    return _n(TOP + (1 - share) * SIDE)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
