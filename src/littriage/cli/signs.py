"""Signs of saturation beside the counts, as `show` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from littriage.cli import tables
from littriage.cli.messages import UNKNOWN, count_text, part_text, say
from littriage.cli.options import Lang
from littriage.cli.tables import Column
from littriage.crowding import Lack, Sign, SignKind

_DIGITS = {
    SignKind.REDUNDANCY: 2,
    SignKind.REDUNDANCY_CHANGE: 2,
    SignKind.TEAM: 1,
    SignKind.TEAM_CHANGE: 1,
    SignKind.ENTROPY: 2,
}
"""Decimals of the signs that are no shares; shares are printed in percent."""


def print_signs(signs: Sequence[Sign], lang: Lang) -> None:
    """A table of the signs that are given, and why the others are not."""
    if not signs:
        return
    tables.print_line()
    tables.print_line(say(lang, "signs"))
    given = [one for one in signs if one.value is not None]
    if given:
        headings = ("sign", "sign_measured", "sign_base", "sign_difference", "sign_n")
        columns = [Column(say(lang, key), place > 0) for place, key in enumerate(headings)]
        tables.print_table(columns, [_row(one, lang) for one in given])
    for lack in Lack:
        without = [one for one in signs if one.lack is lack]
        if without:
            names = say(lang, "sign_between").join(say(lang, f"sign_{one.kind.value}") for one in without)
            tables.print_line(say(lang, "sign_lacking", names=names, why=_why(lack, without[0], lang)), indent=2)


def _row(sign: Sign, lang: Lang) -> tuple[str, ...]:
    interval = say(lang, "span", low=_figure(sign.kind, sign.low, "+"), high=_figure(sign.kind, sign.high, "+"))
    value = sign.value if sign.base is not None else None
    difference = say(lang, "sign_interval", value=_figure(sign.kind, value, "+"), interval=interval)
    if sign.base is None:
        difference = say(lang, "span", low=_figure(sign.kind, sign.low), high=_figure(sign.kind, sign.high))
    change = sign.kind in (SignKind.REDUNDANCY_CHANGE, SignKind.NEWCOMERS_CHANGE, SignKind.TEAM_CHANGE)
    mark = "+" if change else ""
    measured, base = (_figure(sign.kind, figure, mark) for figure in (sign.measured, sign.base))
    return say(lang, f"sign_{sign.kind.value}"), measured, base, difference, count_text(sign.n)


def _figure(kind: SignKind, figure: float | None, mark: str = "") -> str:
    if figure is None:
        return UNKNOWN
    digits = _DIGITS.get(kind)
    return f"{100 * figure:{mark}.1f}%" if digits is None else f"{figure:{mark}.{digits}f}"


def _why(lack: Lack, sign: Sign, lang: Lang) -> str:
    return say(lang, f"sign_lack_{lack.value}", n=count_text(sign.n), part=part_text(sign.coverage))


def sign_json(sign: Sign) -> dict[str, Any]:
    """The sign for programs; null for what is not known."""
    return {
        "kind": sign.kind.value,
        "value": sign.value,
        "low": sign.low,
        "high": sign.high,
        "measured": sign.measured,
        "base": sign.base,
        "n": sign.n,
        "coverage": sign.coverage,
        "lack": sign.lack.value if sign.lack else None,
        "made_with": sign.made_with,
    }
