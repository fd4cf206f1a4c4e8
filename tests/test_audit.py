"""What the cut loses, and how far probabilities hold: bounds worked by hand, and the command on a small field."""

from __future__ import annotations

import json
from math import exp, log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.auditing import (
    Stratum,
    calibration,
    judged_stratum,
    judgements_needed,
    lower_proportion,
    recall,
    upper_proportion,
)
from littriage.model import Judgement, Label
from littriage.warehouse import Warehouse, judgements
from small_field import Run, runner
from test_judge import SLUG, field, papers_of, said, word


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(tmp_path, capfd, monkeypatch)


# --- exact bounds of a proportion -------------------------------------------------------------------------------


def test_none_found_is_bounded_by_the_chance_of_finding_none():
    """(1 - p)^n = 5% gives p = 1 - 0.05^(1/n): 0.0295 of 100, the rule of three."""
    assert upper_proportion(0, 100) == pytest.approx(1 - 0.05**0.01, rel=1e-9)
    assert upper_proportion(0, 1) == pytest.approx(0.95)
    assert lower_proportion(100, 100) == pytest.approx(0.05**0.01, rel=1e-9)


@pytest.mark.parametrize(
    ("found", "drawn", "upper"),
    [(1, 2, 0.974679), (1, 10, 0.394163), (5, 50, 0.198833), (49, 50, 0.998975)],
)
def test_bounds_agree_with_tables(found: int, drawn: int, upper: float):
    """1 of 2: 1 - p^2 = 5%, so p = sqrt(0.95). The others are quantiles of Beta(found + 1, drawn - found)."""
    assert upper_proportion(found, drawn) == pytest.approx(upper, abs=1e-6)
    assert lower_proportion(drawn - found, drawn) == pytest.approx(1 - upper, abs=1e-6)


@pytest.mark.parametrize(("found", "drawn"), [(0, 0), (-1, 3), (4, 3)])
def test_a_proportion_needs_a_draw(found: int, drawn: int):
    """Of nothing there is no proportion, and none of more than there is."""
    with pytest.raises(ValueError, match="drawn"):
        upper_proportion(found, drawn)


@given(st.integers(1, 120).flatmap(lambda drawn: st.tuples(st.integers(0, drawn), st.just(drawn))))
def test_bounds_hold_the_observed_proportion(case: tuple[int, int]):
    """Whatever was found, it lies between its bounds, and surer bounds are wider."""
    found, drawn = case

    low, high = lower_proportion(found, drawn), upper_proportion(found, drawn)
    assert 0 <= low <= found / drawn <= high <= 1
    assert lower_proportion(found, drawn, 0.99) <= low
    assert upper_proportion(found, drawn, 0.99) >= high


# --- strata -----------------------------------------------------------------------------------------------------


def test_a_stratum_is_scaled_up():
    """2 core of 50 judged of 1,000: 40 expected; at most 1,000 times the bound of 2 of 50."""
    one = Stratum("below", papers=1000, drawn=50, judged=50, by_person=50, core=2)

    assert one.expected == pytest.approx(40)
    assert one.high() == pytest.approx(1000 * upper_proportion(2, 50))
    assert one.low() == pytest.approx(1000 * lower_proportion(2, 50))


def test_what_nobody_judged_counts_against_recall():
    """48 judged of 50 drawn, 2 of them core: the other two count as core in the upper bound, as none in the lower."""
    one = Stratum("below", papers=1000, drawn=50, judged=48, core=2)

    assert one.expected == pytest.approx(1000 * 2 / 48)
    assert one.high() == pytest.approx(1000 * upper_proportion(4, 50))
    assert one.low() == pytest.approx(1000 * lower_proportion(2, 50))


def test_a_stratum_judged_whole_is_known():
    """Nothing is left to chance where every paper was judged: 3 are core, not more and not fewer."""
    one = Stratum("below", papers=40, drawn=40, judged=40, core=3)

    assert (one.low(), one.expected, one.high()) == (3.0, 3.0, 3.0)


def test_an_unjudged_stratum_is_unknown_and_an_empty_one_is_empty():
    """Missing is not zero; no papers are."""
    assert (Stratum("x", 10).expected, Stratum("x", 10).high(), Stratum("x", 10).low()) == (None, None, None)
    assert (Stratum("x", 0).expected, Stratum("x", 0).high(), Stratum("x", 0).low()) == (0.0, 0.0, 0.0)


def labels(signs: str) -> dict[str, Judgement]:
    """`c` core, `o` out, `m` out by a model, `-` nobody; papers are called by their place."""
    kinds = {"c": (Label.CORE, "person"), "o": (Label.OUT, "person"), "m": (Label.OUT, "llm:small")}
    return {str(place): Judgement(str(place), "demo", *kinds[sign]) for place, sign in enumerate(signs) if sign != "-"}


@pytest.mark.parametrize(
    ("signs", "drawn", "judged", "by_person", "core"),
    [
        ("cooc", 4, 4, 4, 2),
        ("co--", 2, 2, 2, 1),
        ("----", 0, 0, 0, 0),
        ("-ooooooooom", 11, 10, 9, 0),  # 10 of 11 are judged: the hole at the beginning is taken along
        ("-cooooooo", 0, 0, 0, 0),  # 8 of 9 are too few
        ("oo--------c", 2, 2, 2, 0),  # judged for another reason: not part of the sample
    ],
)
def test_the_beginning_of_the_draw_that_is_judged_counts(
    signs: str, drawn: int, judged: int, by_person: int, core: int
):
    """As far as nine of ten are judged; papers beyond say nothing, for chance did not choose them."""
    draw = [str(place) for place in range(len(signs))]

    assert judged_stratum("x", 500, draw, labels(signs)) == Stratum("x", 500, drawn, judged, by_person, core)


# --- recall -----------------------------------------------------------------------------------------------------


def test_recall_of_one_stratum():
    """180 found, none core among 100 of 1,000 left out: at most 1,000 (1 - 0.05^0.01) = 29.5 missed, recall >= 86%."""
    found = recall(180.0, [Stratum("below", 1000, 100, 100, 100, 0)])

    assert found is not None
    assert (found.missed, found.expected) == (0.0, 1.0)
    assert found.missed_high == pytest.approx(1000 * (1 - 0.05**0.01))
    assert found.low == pytest.approx(180 / (180 + 29.51), abs=1e-3)


def test_several_strata_share_the_risk():
    """Two that were drawn from: each bound with 97.5%, and the sum holds with 95%."""
    below = [Stratum("a", 1000, 100, 100, 100, 0), Stratum("b", 200, 50, 50, 50, 1)]

    found = recall(180.0, below)
    assert found is not None
    assert found.missed == pytest.approx(4)
    assert found.missed_high == pytest.approx(1000 * (1 - 0.025**0.01) + 200 * upper_proportion(1, 50, 0.975))


def test_members_that_were_judged_are_no_longer_believed():
    """27 core of 30 drawn of 200 members: 180 expected, and the lower bound of them in the lower bound of recall."""
    above = Stratum("members", 200, 30, 30, 30, 27)

    found = recall(above, [Stratum("below", 1000, 100, 100, 100, 0)])
    assert found is not None
    assert found.found == pytest.approx(180)
    assert found.found_low == pytest.approx(200 * lower_proportion(27, 30, 0.975))
    assert found.low == pytest.approx(found.found_low / (found.found_low + 1000 * (1 - 0.025**0.01)))


def test_recall_is_not_made_up():
    """Unknown where one stratum is unjudged; undefined where there is no core paper; an empty stratum costs nothing."""
    judged, empty = Stratum("a", 1000, 100, 100, 100, 0), Stratum("b", 0)

    assert recall(180.0, [judged, Stratum("c", 5)]) is None
    assert recall(Stratum("members", 5), [judged]) is None
    assert recall(180.0, [judged, empty]) == recall(180.0, [judged])
    nothing = recall(0.0, [empty])
    assert nothing is not None
    assert (nothing.expected, nothing.low) == (None, None)


@given(
    found=st.floats(1, 1e4),
    papers=st.integers(1, 5000),
    drawn=st.integers(1, 200),
    core=st.integers(0, 200),
    holes=st.integers(0, 20),
)
def test_more_missed_never_shows_more_recall(found: float, papers: int, drawn: int, core: int, holes: int):
    """The bound lies below what is expected, and falls with every core paper and every hole in the draw."""
    drawn = min(drawn, papers)
    judged = max(1, drawn - holes)
    core = min(core, judged)

    one = recall(found, [Stratum("a", papers, drawn, judged, judged, core)])
    assert one is not None
    assert one.low is not None
    assert one.expected is not None
    assert 0 <= one.low <= 1
    assert one.low <= one.expected + 1e-9
    if core < judged:
        worse = recall(found, [Stratum("a", papers, drawn, judged, judged, core + 1)])
        assert worse is not None
        assert worse.low is not None
        assert worse.low <= one.low + 1e-9


def test_needed_judgements_show_the_floor():
    """180 found may miss 45 for 80%: of 1,000, n with (1 - 0.045)^n = 5%, 65.06, so 66; and 66 do show it."""
    assert log(0.05) / log(1 - 0.045) == pytest.approx(65.06, abs=0.01)
    assert judgements_needed(180, 1000) == 66
    for count, shows in ((66, True), (65, False)):
        one = recall(180.0, [Stratum("a", 1000, count, count, count, 0)])
        assert one is not None
        assert one.low is not None
        assert (one.low >= 0.8) == shows


def test_needed_judgements_at_the_edges():
    """None needed of a stratum too small to matter, never more than it has, and none helps where nothing was found."""
    assert judgements_needed(500, 100) == 0
    assert judgements_needed(1, 20) == 20
    assert judgements_needed(0, 20) is None


# --- calibration ------------------------------------------------------------------------------------------------


def test_calibration_is_observed_over_expected():
    """3 core of 4 where 0.5 + 0.9 + 0.2 + 0.4 = 2 were expected: 1.5 times; the interval is that of 3 of 4."""
    found = calibration([(0.5, True), (0.9, True), (0.2, False), (0.4, True)])

    assert found is not None
    assert (found.judged, found.observed, found.expected, found.ratio) == (4, 3, pytest.approx(2), pytest.approx(1.5))
    assert found.interval == pytest.approx((4 * 0.194120 / 2, 4 * 0.993690 / 2), abs=1e-5)


def test_calibration_without_anything():
    """No pairs, no word; a rule that expected nothing has no ratio."""
    assert calibration([]) is None
    nothing = calibration([(0.0, False)])
    assert nothing is not None
    assert (nothing.ratio, nothing.interval) == (None, None)


def test_the_tail_is_exact_for_large_draws():
    """No overflow and no loss in draws of thousands: none of 5,000 is still 1 - 0.05^(1/5000)."""
    assert upper_proportion(0, 5000) == pytest.approx(1 - exp(log(0.05) / 5000), rel=1e-9)
    assert 0.45 < lower_proportion(2500, 5000) < 0.5 < upper_proportion(2500, 5000) < 0.55


# --- the command ------------------------------------------------------------------------------------------------


def test_audit_without_a_judgement_says_what_is_needed(run: Run, tmp_path: Path):
    """Exit code 4 where nobody judged anything; for a named direction the strata, the number and the command."""
    field(tmp_path)

    code, out, err = run("audit")
    assert (code, out) == (4, "")
    assert "nobody has judged a paper" in err
    assert "littriage judge DIRECTION --below" in err

    code, out, err = run("audit", SLUG)
    assert (code, err) == (0, "")
    assert "Recall among the hits: not known: judgements are lacking" in out
    assert "judged papers, none of them core, would show" in out
    assert f"littriage judge {SLUG} --below" in out
    assert f"Calibration: no random sample of the hits is judged: littriage judge {SLUG} --random 100" in out
    assert "at least" not in out


def test_audit_reports_the_bound(run: Run, tmp_path: Path):
    """20 hits above with 18.0 expected, 20 below of which all are judged and one is core: 18 / 19 among the hits."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        judgements.store(
            opened,
            [word(paper, Label.CORE if place == 0 else Label.OUT) for place, paper in enumerate(papers_of("below"))],
        )

    code, out, err = run("audit", SLUG, "--json")
    (one,) = json.loads(out)["directions"]
    assert (code, err) == (0, "")
    strata = {row["part"]: row for row in one["strata"]}
    assert {part: row["papers"] for part, row in strata.items()} == {"above": 20, "below": 20, "near": 30, "field": 0}
    assert (strata["below"]["judged"], strata["below"]["by_person"], strata["below"]["core"]) == (20, 20, 1)
    hits, near, rest = one["recall"]
    assert (hits["found"], hits["missed"], hits["missed_high"]) == (pytest.approx(18), 1, 1)
    assert hits["low"] == hits["expected"] == pytest.approx(18 / 19)
    assert near["low"] is rest["low"] is None

    assert "at least 95% (95% confidence), expected 95%; about 1 core papers missed, at most 1" in run("audit", SLUG)[1]


def test_a_persons_word_does_not_empty_the_stratum(run: Run, tmp_path: Path):
    """A paper below the cut that a person calls core becomes a member, and still counts as missed by the rule."""
    field(tmp_path)
    first = papers_of("below")[0]
    with Warehouse.open(tmp_path / "warehouse") as opened:
        judgements.store(opened, [word(paper, Label.OUT) for paper in papers_of("below")[1:]])
        judgements.store(opened, [word(first, Label.CORE)])
        opened.connection.execute(
            "update membership set member = true, probability = 1, decided_by = 'person', label = 'core' "
            f"where paper_id = '{first}'"
        )
    after = json.loads(run("audit", SLUG, "--json")[1])["directions"][0]

    strata = {row["part"]: row for row in after["strata"]}
    assert (strata["above"]["papers"], strata["below"]["papers"], strata["below"]["core"]) == (20, 20, 1)


def test_members_count_as_they_are_counted(run: Run, tmp_path: Path):
    """As if no person were heard: 17 x 0.9 by the rule, 1 by a model, 1 by a model that a person contradicts, 0.9."""
    field(tmp_path)
    first, second, third = papers_of("above")[:3]
    with Warehouse.open(tmp_path / "warehouse") as opened:
        judgements.store(opened, [word(second, Label.CORE, "llm:small"), word(second, Label.OUT)])
        for paper, decided_by, probability in ((first, "llm", 1), (second, "person", 0), (third, "person", 0)):
            opened.connection.execute(
                f"update membership set decided_by = '{decided_by}', probability = {probability}, "
                f"member = {probability == 1} where paper_id = '{paper}'"
            )
        found = {one.paper_id: one for one in judgements.hits(opened, SLUG, 1)}

    assert [found[paper].counted for paper in (first, second, third)] == [1, 1, pytest.approx(0.9)]
    assert [found[paper].above for paper in (first, second, third)] == [True, True, True]
    assert "Core papers among the members: 18.2, as they are counted" in run("audit", SLUG)[1]


def test_a_models_word_counts_where_no_person_spoke(run: Run, tmp_path: Path):
    """And is told apart in the table."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        judgements.store(opened, [word(paper, Label.OUT, judge="llm:small") for paper in papers_of("below")])
        judgements.store(opened, [word(papers_of("below")[3], Label.CORE)])

    (one,) = json.loads(run("audit", "--json")[1])["directions"]
    below = next(row for row in one["strata"] if row["part"] == "below")
    assert (below["judged"], below["by_person"], below["core"]) == (20, 1, 1)
    assert one["calibration"] is None  # a model's word is no calibration


def test_calibration_is_printed_from_a_random_sample(run: Run, tmp_path: Path):
    """All hits of the first ten drawn are judged core: more than the rule expected of them."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        first = judgements.hits(opened, SLUG, 20210601)[:10]
        judgements.store(opened, [word(one.paper_id, Label.CORE) for one in first])
    expected = sum(one.rule_probability or 0 for one in first)

    (one,) = json.loads(run("audit", "--json")[1])["directions"]
    assert one["calibration"]["observed"] == 10
    assert one["calibration"]["ratio"] == pytest.approx(10 / expected)
    told = f"10 core of 10 hits that were drawn and judged by persons, where the rule expected {expected:.1f}"
    assert f"Calibration: {told}" in run("audit")[1]


def test_audit_can_ask(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`--ask` holds the judge's loop over the draw, hits first, and then reports."""
    field(tmp_path)
    said(monkeypatch, *["o"] * 20, "q")

    code, out, _ = run("audit", SLUG, "--ask")
    assert code == 0
    assert "Judged 20 (0 core, 0 related, 20 out); 30 left." in out
    assert "Recall among the hits: at least 100%" in out


def test_without_a_copy_of_the_field_only_hits_are_audited(run: Run, tmp_path: Path):
    """What is not held is said, and is no zero."""
    field(tmp_path, in_field=False)

    out = run("audit", SLUG)[1]
    assert "Papers without a phrase of the query: not drawn, no copy of the field is held" in out
    assert "rest of the field" not in out


def test_the_nearest_are_set_apart(tmp_path: Path):
    """Of papers without a phrase, those whose vectors point where the surest members' do."""
    field(tmp_path)
    with Warehouse.open(tmp_path / "warehouse") as opened:
        from littriage.directions import load_catalogue
        from small_field import write_queries

        direction = next(one for one in load_catalogue(write_queries(tmp_path / "q")).directions if one.slug == SLUG)
        drawn = judgements.draws(opened, direction, seed=1, sample=5, nearest=10)

    parts = {part.name: one for part, one in drawn.items()}
    assert {name: (one.papers, len(one.drawn)) for name, one in parts.items()} == {
        "ABOVE": (20, 5), "BELOW": (20, 5), "NEAR": (10, 5), "FIELD": (20, 5),
    }  # fmt: skip
    assert set(parts["NEAR"].drawn) <= set(papers_of("other")[:10])  # their vectors are the nearest by construction
