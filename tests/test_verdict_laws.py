"""Laws of the verdicts on simulated panels whose truth is known, sound and with the faults of real records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from littriage.model import MonthStatus, Stage, TrendPoint, Verdict
from littriage.panel import Bools, Floats, Panel
from littriage.simulate import MIX, Shape, Simulated, coverage_loss, giant_month, holes, outage, silent, simulate
from littriage.trends import month_after
from littriage.verdicts import flips, grows, judge

TOPICS = 200
MONTHS = 168
ABSTAINED = frozenset({Stage.TOO_LITTLE_DATA, Stage.NOT_MEASURABLE, Stage.INCOMPLETE})


def points_of(panel: Panel) -> dict[str, list[TrendPoint]]:
    """The panel as trend points; an unusable month is partial, with what it holds."""
    return {
        topic: [
            TrendPoint(
                topic,
                month,
                float(panel.papers[row, column]),
                round(panel.papers[row, column]),
                round(panel.exposure[row, column]),
                MonthStatus.COMPLETE if panel.usable[row, column] else MonthStatus.PARTIAL,
            )
            for column, month in enumerate(panel.months)
        ]
        for row, topic in enumerate(panel.topics)
    }


def judged(panel: Panel) -> tuple[Verdict, ...]:
    """As of two weeks after the panel's last month, in the panel's order."""
    found = judge(points_of(panel), month_after(panel.last) + timedelta(days=14), brief=True)
    assert tuple(one.direction for one in found) == panel.topics
    return found


def kind(verdict: Verdict) -> str:
    """What a stage says of the share's way: `abstain`, `unsure`, `up`, `level` or `down`."""
    if verdict.stage in ABSTAINED:
        return "abstain"
    if verdict.stage is Stage.UNSURE:
        return "unsure"
    if verdict.stage in (Stage.DECLINING, Stage.DORMANT):
        return "down"
    rises = verdict.stage in (Stage.RISING, Stage.EMERGING) or (verdict.stage is Stage.HOT and grows(verdict))
    return "up" if rises else "level"


def joined(one: Panel, other: Panel) -> Panel:
    """The topics of both, those of `other` after those of `one` by name."""
    return Panel(
        one.topics + tuple(f"z-{topic}" for topic in other.topics),
        one.first,
        np.vstack([one.papers, other.papers]),
        np.vstack([one.exposure, other.exposure]),
        np.vstack([one.usable, other.usable]),
    )


def of_shape(simulated: Simulated, shape: Shape) -> Bools:
    return np.array([own is shape for own in simulated.truth.shapes])


def part(verdicts: Sequence[Verdict], chosen: Bools, *stages: Stage) -> float:
    return float(np.mean([one.stage in stages for one, own in zip(verdicts, chosen, strict=True) if own]))


@pytest.fixture(scope="module")
def sound() -> Panel:
    return simulate(TOPICS, 11, months=MONTHS).panel


@pytest.fixture(scope="module")
def before(sound: Panel) -> tuple[Verdict, ...]:
    return judged(sound)


@pytest.fixture(scope="module")
def firm(sound: Panel) -> list[bool]:
    """Whether at most a tenth of the perturbations give another stage."""
    found = flips(points_of(sound), month_after(sound.last) + timedelta(days=14))
    return [found[topic].part <= 0.1 for topic in sound.topics]


# --- flat, rising, levelled off ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("dispersion", [1.3, 2.5])
def test_a_flat_share_is_seldom_called_rising_or_declining(dispersion) -> None:
    """At most 2% each, among other shapes: alone they would teach the common prior that nothing ever grows."""
    simulated = simulate(300, 21, mix={**MIX, Shape.FLAT: 0.85}, dispersion=dispersion)
    verdicts, flat = judged(simulated.panel), of_shape(simulated, Shape.FLAT)
    assert flat.sum() > 100
    assert part(verdicts, flat, Stage.RISING, Stage.HOT, Stage.EMERGING) <= 0.02
    assert part(verdicts, flat, Stage.DECLINING) <= 0.02


@pytest.mark.slow
def test_a_planted_logistic_has_the_right_stage_from_a_year_after_its_inflection() -> None:
    """Right: growing where the share truly grew by more than 20% in the last year, not growing where by less than 5%,
    one or the other between; never declining or dormant. Of the stages that say anything 95% are right, and of large
    topics six in ten say something: the rest are unsure, since growth must be surely beyond 10% a year."""
    planted = simulate(60, 32, mix={Shape.LOGISTIC: 1}, sizes=(100, 400), inflection=(60, 110), spread=(6, 14))
    panel = joined(planted.panel, simulate(100, 31).panel)
    right, said = [], []
    for column in (MONTHS - 37, MONTHS - 1):
        growth, since = planted.truth.growth(column), column - planted.truth.inflection
        kinds = [kind(one) for one in judged(panel.until(panel.months[column]))[:60]]
        for true, months, own in zip(growth, since, kinds, strict=True):
            if months < 12:
                continue
            said.append(own not in ("abstain", "unsure"))
            if said[-1]:
                wanted = {"up"} if true > 0.2 else {"level"} if true < 0.05 else {"up", "level"}
                right.append(own in wanted)
    assert len(right) > 60
    assert np.mean(right) >= 0.95
    assert np.mean(said) >= 0.6


# --- too little to say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [13, 23])
def test_a_short_series_has_no_verdict(months) -> None:
    assert {kind(one) for one in judged(simulate(30, 3, months=months, sizes=(400,)).panel)} == {"abstain"}


def test_a_series_without_a_paper_has_no_verdict(sound) -> None:
    assert {one.stage for one in judged(silent(sound.rows(range(20))))} == {Stage.TOO_LITTLE_DATA}
    mixed = joined(sound.rows(range(20)), silent(sound.rows(range(3))))
    assert {one.stage for one in judged(mixed)[20:]} == {Stage.TOO_LITTLE_DATA}


def test_a_torn_series_has_no_verdict(sound) -> None:
    """Two months of three lacking: fewer than 24 usable ones of 48 are left."""
    torn = holes(sound.rows(range(30)), 0.67, seed=1)
    assert torn.usable[0, -48:].sum() < 24
    assert {one.stage for one in judged(torn)} == {Stage.NOT_MEASURABLE}


# --- faults -----------------------------------------------------------------------------------------------------


def scaled(panel: Panel, kept: Floats) -> Panel:
    """A part of the papers of topics and field alike, without the chance by which single papers are lost."""
    return replace(panel, papers=panel.papers * kept, exposure=np.rint(panel.exposure * kept))


@pytest.mark.slow
@pytest.mark.parametrize("since", [0, MONTHS - 12])
def test_a_label_survives_the_loss_of_a_fifth_of_topics_and_field(sound, before, since) -> None:
    """In 95% and more, whether the fifth is lacking from the whole record or from its last year."""
    after = judged(scaled(sound, np.where(np.arange(MONTHS) < since, 1.0, 0.8)))
    assert np.mean([one.stage is other.stage for one, other in zip(before, after, strict=True)]) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("since", [0, MONTHS - 12])
def test_papers_lost_by_chance_contradict_no_label(sound, before, firm, since) -> None:
    """With the chance by which single papers are lost, labels near a threshold become unsure. At most 1% say another
    thing than before, and none up for down or down for up. Of those that the flips call firm 95% stay as they are."""
    after = judged(coverage_loss(sound, since, seed=1))
    kept = [one.stage is other.stage for one, other, own in zip(before, after, firm, strict=True) if own]
    assert len(kept) > 0.6 * TOPICS
    assert np.mean(kept) >= 0.95
    pairs = [{kind(one), kind(other)} for one, other in zip(before, after, strict=True)]
    contradicted = [len(pair) == 2 and not pair & {"abstain", "unsure"} for pair in pairs]
    assert np.mean(contradicted) <= 0.01
    assert {"up", "down"} not in pairs


@pytest.mark.slow
@pytest.mark.parametrize(("days", "back"), [(14, 1), (30, 6)])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_an_outage_makes_no_decline(sound, before, days, back, known) -> None:
    """Of two weeks in the newest month, of a month half a year ago. Known: no stage moves to declining. Unknown: at
    most 1.5% do, and none that grew, because the rest of a month says less than a whole one."""
    after = judged(outage(sound, MONTHS - back, days, known=known, seed=2))
    moved = [
        kind(one)
        for one, other in zip(before, after, strict=True)
        if other.stage is Stage.DECLINING and one.stage is not Stage.DECLINING
    ]
    assert "up" not in moved
    assert len(moved) <= (0 if known else 0.015 * TOPICS)


@pytest.mark.slow
@pytest.mark.parametrize("back", [1, 2, 4, 12, 14, 18, 24])
def test_one_giant_month_of_some_topics_moves_none_of_them_and_leaves_the_others_alone(sound, before, back) -> None:
    """One topic in 25 has twenty times its papers in one of the last 24 months: none is newly called up, at most one
    newly down, and of the others 95% keep their stage."""
    some = np.arange(TOPICS) % 25 == 7
    giant, rows = giant_month(sound, MONTHS - back), some[:, None]
    spoilt = replace(
        sound,
        papers=np.where(rows, giant.papers, sound.papers),
        exposure=np.where(rows, giant.exposure, sound.exposure),
    )
    after = judged(spoilt)
    pairs = list(zip(before, after, some, strict=True))
    assert np.mean([one.stage is other.stage for one, other, own in pairs if not own]) >= 0.95
    ways = [(kind(one), kind(other)) for one, other, own in pairs if own]
    assert not [pair for pair in ways if pair[0] != pair[1] == "up"]
    assert len([pair for pair in ways if pair[0] != pair[1] == "down"]) <= 1
