"""The walk through the past: who teaches whom, what halves and clusters are made of, and what a backtest finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import planted_world as world
from littriage.backtest import kept_at, scores
from littriage.backtest import walk as walking
from littriage.backtest.baselines import BASELINES, raw_scores
from littriage.backtest.run import Given, Plan, Result, backtest, columns, origin_months, report
from littriage.backtest.stored import Months, _lacking
from littriage.backtest.topics import cluster_topics, placebo_places
from littriage.backtest.walk import (
    Origin,
    closes,
    final_model,
    halves,
    other_origin,
    phrase_origin,
    then_at,
    thinned_origin,
    walk,
    walks,
    year_known,
)
from littriage.errors import LittriageError
from littriage.model import HORIZONS, FieldMonth, MonthStatus
from littriage.outlook import model as outlook
from littriage.outlook.features import NAMES
from littriage.outlook.shelf import Shelf
from littriage.trends import month_after, month_span

PAPERS_A_YEAR = 40.0


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small records teach too."""
    monkeypatch.setattr(walking, "TRAIN_ROWS", 100)


def made_origins(seed: int = 0, topics: int = 150, count: int = 16, step: int = 3, signal: float = 0.5) -> list[Origin]:
    """Topics whose share goes the way that the feature `heat` says, and no other; every horizon closes."""
    random = np.random.default_rng(seed)
    found = []
    for place in range(count):
        features = random.normal(size=(topics, len(NAMES)))
        base = np.column_stack([random.poisson(PAPERS_A_YEAR, topics) + 1.0, np.full(topics, 5000.0)])
        rate = base[:, 0] * np.exp(signal * features[:, NAMES.index("heat")])
        later = {
            horizon: np.column_stack([random.poisson(rate), np.full(topics, 5000)]).astype(float)
            for horizon in HORIZONS
        }
        names = tuple(f"topic {number}" for number in range(topics))
        found.append(Origin(24 + place * step, names, features, base, later))
    return found


def ranking(told: list[walking.Told]) -> float:
    own = columns(told)
    return scores.auc(own.rose, own.p_rise, own.origin).point


# --- which months can be origins --------------------------------------------------------------------------------


def test_an_origin_needs_two_years_a_known_year_and_itself_known():
    usable = np.ones(40, dtype=bool)
    assert [year_known(usable, month) for month in (22, 23, 39)] == [False, True, True]
    usable[30:33] = False
    assert [month for month in range(23, 40) if not year_known(usable, month)] == [30, 31, 32]
    usable[33] = False
    # 4 of the 12 months up to 34 are unknown: 8 are known, and 9 are needed
    assert not year_known(usable, 34)


def test_an_outcome_is_known_where_the_record_reaches_and_its_year_is_known():
    usable = np.ones(40, dtype=bool)
    assert closes(usable, 27, 12)
    assert not closes(usable, 28, 12)
    usable[28:32] = False
    assert not closes(usable, 27, 12)


def test_origins_go_backwards_from_the_last_month():
    assert origin_months(35, 3) == [23, 26, 29, 32, 35]
    assert origin_months(34, 3) == [25, 28, 31, 34]
    assert origin_months(22, 3) == []


# --- the walk ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_models_learn_from_origins_that_had_closed_and_are_not_too_old(monkeypatch):
    taught: list[tuple[int, int, list[int]]] = []
    fitted, model_of = walking.fitted, walking.model_of
    calibrated: list[tuple[int, int, list[int]]] = []

    def spy(closed, horizon, month, *rest, **more):
        taught.append((month, horizon, [one.month for one in closed]))
        return fitted(closed, horizon, month, *rest, **more)

    def spy_too(fit, known):
        calibrated.append((fit.month, fit.horizon, [one.origin.month for one in known]))
        return model_of(fit, known)

    monkeypatch.setattr(walking, "fitted", spy)
    monkeypatch.setattr(walking, "model_of", spy_too)
    origins = made_origins(topics=60, count=30)
    for horizon in HORIZONS:
        walks(origins, horizon, {"others": made_origins(1, topics=60, count=30)})

    assert {horizon for _, horizon, _ in taught} == set(HORIZONS)
    for month, horizon, months in taught:
        assert months
        assert all(month - walking.TRAIN_MONTHS < one + horizon <= month for one in months)
    for month, horizon, months in calibrated:
        assert all(one + horizon <= month for one in months)
    assert any(months for _, _, months in calibrated)


def test_a_walk_does_not_look_at_outcomes_that_close_later():
    """Another fate of every origin from month 48 on: forecasts made before those closed are the same to the bit."""
    origins = made_origins()
    other = [
        replace(one, later=made_origins(7)[place].later) if one.month >= 48 else one
        for place, one in enumerate(origins)
    ]
    for one, again in zip(walk(origins, 6), walk(other, 6), strict=True):
        same = one.forecast.p_rise.tobytes() == again.forecast.p_rise.tobytes()
        assert same == (one.origin.month < 54)


def test_a_walk_finds_a_planted_signal_and_nothing_in_shuffled_outcomes():
    origins = made_origins(topics=400)
    random = np.random.default_rng(11)
    shuffled = [replace(one, features=random.permutation(one.features)) for one in origins]

    assert ranking(walk(origins, 12)) > 0.75
    assert ranking(walk(shuffled, 12)) == pytest.approx(0.5, abs=0.05)


def test_a_walk_becomes_calibrated_where_the_world_stays_as_it_is():
    """It begins too timid, since little is known to it, and learns from the forecasts that come due."""
    told = walk(made_origins(2, topics=400, count=30), 12)
    first, last = (columns(part) for part in (told[:6], told[-6:]))
    gaps = [scores.ece(own.rose, own.p_rise).point for own in (first, last)]

    assert gaps[1] < 0.06 < gaps[0]
    assert scores.brier_skill(last.rose, last.p_rise).point > 0.5
    assert scores.coverage(last.change, last.low, last.high).point == pytest.approx(0.8, abs=0.04)


def test_the_order_and_the_names_of_topics_change_no_forecast():
    origins = made_origins()
    order = np.random.default_rng(3).permutation(150)
    turned = [
        Origin(
            one.month,
            tuple(f"other {place}" for place in order),
            one.features[order],
            one.base[order],
            {horizon: later[order] for horizon, later in one.later.items()},
        )
        for one in origins
    ]
    for one, again in zip(walk(origins, 12), walk(turned, 12), strict=True):
        np.testing.assert_allclose(one.forecast.p_rise[order], again.forecast.p_rise, atol=1e-6)


def test_other_topics_are_forecast_by_models_of_phrases():
    origins, others = made_origins(), made_origins(5, topics=20)
    own, told = walks(origins, 12, {"directions": others})

    alone = walk(origins, 12)
    assert [one.forecast.p_rise.tobytes() for one in own] == [one.forecast.p_rise.tobytes() for one in alone]
    assert [one.origin for one in told["directions"]] == [
        other for other in others if other.month in {one.origin.month for one in own}
    ]
    assert ranking(told["directions"]) > 0.7
    again = walk(origins, 12, others)
    assert [one.forecast.p_rise.tobytes() for one in again] == [
        one.forecast.p_rise.tobytes() for one in told["directions"]
    ]


def test_a_first_month_hides_earlier_forecasts_that_still_teach():
    origins = made_origins()
    every, late = walk(origins, 6), walk(origins, 6, first=54)
    kept = [one for one in every if one.origin.month >= 54]
    assert 0 < len(late) < len(every)
    assert [one.forecast.p_rise.tobytes() for one in late] == [one.forecast.p_rise.tobytes() for one in kept]


def test_a_rise_alone_is_forecast_as_beside_the_other_events():
    origins = made_origins()
    for one, again in zip(walk(origins, 12), walks(origins, 12, {}, ("rise",))[0], strict=True):
        assert one.forecast.p_rise.tobytes() == again.forecast.p_rise.tobytes()
        assert np.isnan(again.forecast.p_up).all()


def test_too_few_closed_cases_teach_nothing():
    assert walk(made_origins(topics=20, count=6), 6) == []


def test_the_final_model_knows_all_that_closed_and_is_named_for_it():
    origins = made_origins()
    told = {horizon: walk(origins, horizon) for horizon in (6, 12)}
    made = final_model(origins, told, world.FIRST, "made-up topics")

    assert made.fitted_on == "made-up topics"
    assert made.last_closed == f"{month_after(world.FIRST, 24 + 15 * 3 + 12):%Y-%m}"
    assert set(made.horizons) == {6, 12}
    assert final_model(origins, told, world.FIRST, "made-up topics").name == made.name
    changed = [*origins[:-1], replace(origins[-1], features=origins[-1].features + 1)]
    assert final_model(changed, told, world.FIRST, "made-up topics").name != made.name
    assert set(made.horizons[12].heads) == set(outlook.EVENTS)


def test_a_final_model_without_forecasts_is_refused():
    with pytest.raises(LittriageError, match="no forecast for 12 months has come due"):
        final_model(made_origins(), {12: []}, world.FIRST, "")


# --- topics of a shelf ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def record() -> world.World:
    return world.planted()


@pytest.fixture(scope="module")
def shelf(record: world.World) -> Shelf:
    return world.shelf_of(record.papers, record.months)


T = 47


def other_future(record: world.World, month: int) -> Shelf:
    """The same record with other papers after a month."""
    later = [one for one in world.planted(seed=77).papers if one.month > month]
    papers = [one for one in record.papers if one.month <= month] + later
    return world.shelf_of(papers, record.months, world.columns_of(record.papers))


def given(record: world.World, shelf: Shelf) -> Given:
    """The words of the record as directions."""
    from scipy.sparse import csr_matrix

    papers = csr_matrix(
        np.array([[word in f"{one.title} {one.abstract}" for word in record.words] for one in record.papers], float)
    )
    titles = csr_matrix(np.array([[word in one.title for word in record.words] for one in record.papers], float))
    return Given(record.words, papers, titles)


def test_an_origin_knows_its_past_and_the_outcomes_their_later_years(record, shelf):
    one = phrase_origin(shelf, T)
    word = record.words[0]
    row = one.names.index(word)

    def papers(first: int, last: int) -> int:
        return sum(
            first <= each.month <= last and "cs.CL" in each.categories and word in f"{each.title} {each.abstract}"
            for each in record.papers
        )

    assert one.base[row, 0] == papers(T - 11, T)
    assert set(one.later) == {6, 12}  # 24 months after it the record has ended
    assert one.later[12][row, 0] == papers(T + 1, T + 12)


def test_the_forecasts_of_a_month_are_the_same_to_the_bit_whatever_comes_after_it(record, shelf, few_rows):
    months = origin_months(T, 6)

    def forecasts(of: Shelf) -> dict[int, bytes]:
        origins = [
            one for month in months if (one := phrase_origin(of, month, lambda panel: raw_scores(panel, HORIZONS)))
        ]
        told = walk(origins, 6)
        return {one.origin.month: one.forecast.p_rise.tobytes() + one.forecast.high.tobytes() for one in told}

    one, other = forecasts(shelf), forecasts(other_future(record, T))
    assert T in one
    assert one == other


def test_thinned_topics_are_described_by_one_half_and_begin_in_the_other(shelf):
    then = then_at(shelf, T)
    first = halves(then.shelf.ids, 1)
    whole, thinned = phrase_origin(shelf, T, then=then), thinned_origin(shelf, T, then=then)

    assert 0.45 < first.mean() < 0.55
    assert thinned.names == whole.names
    of_first = then.shelf.half(first)
    places = [shelf.phrases.names.index(name) for name in whole.names]
    described = of_first.panel(of_first.phrases.texts[:, places], whole.names).windows(12)[0][:, T]
    np.testing.assert_array_equal(thinned.base[:, 0] + described, whole.base[:, 0])
    np.testing.assert_allclose(thinned.features[:, NAMES.index("size")], np.log(described + 1))
    np.testing.assert_array_equal(thinned.later[12], whole.later[12])


def test_halves_go_by_the_id_and_a_seed(shelf):
    ids = shelf.ids
    turned = halves(ids[::-1], 1)[::-1]
    np.testing.assert_array_equal(halves(ids, 1), turned)
    assert (halves(ids, 1) != halves(ids, 2)).mean() == pytest.approx(0.5, abs=0.05)


def test_given_topics_need_papers_at_the_origin(record, shelf):
    directions = given(record, shelf)
    every = other_origin(shelf, T, directions.papers, directions.titles, directions.names, least_papers=0)
    common = other_origin(shelf, T, directions.papers, directions.titles, directions.names, least_papers=60)
    recent = [one for one in record.papers if T - 24 < one.month <= T and "cs.CL" in one.categories]
    enough = {word for word in record.words if sum(word in f"{one.title} {one.abstract}" for one in recent) >= 60}

    assert every.names == record.words
    assert set(common.names) == enough
    assert 0 < len(enough) < len(record.words)
    assert other_origin(shelf, T, directions.papers, directions.titles, directions.names, least_papers=1e9) is None


def test_a_phrase_topic_given_as_a_direction_has_its_features(record, shelf):
    """Whatever kind a topic is of, it is described alike; the trend apart, which all topics together steady."""
    directions = given(record, shelf)
    phrases = phrase_origin(shelf, T)
    same = other_origin(shelf, T, directions.papers, directions.titles, directions.names)
    word = next(one for one in record.words if one in phrases.names and one in same.names)
    one = phrases.features[phrases.names.index(word)]
    other = same.features[same.names.index(word)]
    for name in ("size", "share", "change_12", "z", "peak", "in_titles", "near_growth", "heat", "entrants", "outside"):
        assert one[NAMES.index(name)] == pytest.approx(other[NAMES.index(name)], abs=1e-9), name


def test_months_before_two_years_or_in_a_hole_are_no_origins(shelf):
    holed = replace(shelf, usable=np.arange(60) != 40)
    assert then_at(shelf, 22) is None
    assert then_at(holed, 40) is None
    assert phrase_origin(holed, 40) is None
    assert thinned_origin(holed, 40) is None
    assert phrase_origin(holed, 41) is not None


@pytest.mark.slow
def test_clusters_are_fixed_at_their_month(record, shelf):
    other = other_future(record, T)
    names, papers = cluster_topics(shelf, then_at(shelf, T), seed=4)
    again, papers_again = cluster_topics(other, then_at(other, T), seed=4)
    held = int((shelf.month <= T).sum())

    assert len(names) == int(((shelf.month > T - 24) & (shelf.month <= T) & shelf.inside).sum()) // 60
    assert names == again
    assert (papers[:held] != papers_again[:held]).nnz == 0
    assert papers.sum(axis=1).max() == 1
    assert papers[~shelf.inside].nnz == 0
    assert papers[held:].nnz > 0
    of_recent = papers[np.flatnonzero((shelf.month > T - 24) & (shelf.month <= T) & shelf.inside)]
    assert of_recent.nnz / of_recent.shape[0] == pytest.approx(0.75, abs=0.05)


def test_a_record_too_small_for_clusters_has_none(record):
    few = world.shelf_of(record.papers[::40], record.months)
    names, papers = cluster_topics(few, then_at(few, T))
    assert names == ()
    assert papers.shape == (len(few.ids), 0)


def test_words_of_style_are_frequent_in_texts_and_rare_in_titles():
    texts = [
        world.Paper(f"1501.{number:05}", number % 24, "graphs" if number > 3 else "graphs, results", "results, trees",
                    ("a",), ("cs.CL",))
        for number in range(400)
    ]  # fmt: skip
    papers = sorted(texts, key=lambda one: one.month)
    found = world.shelf_of(papers, 24)
    names = [found.phrases.names[place] for place in placebo_places(found)]
    assert names == ["results"]


def test_scores_of_other_methods_are_those_of_each_alone(shelf):
    panel = then_at(shelf, T).near.panel
    found = raw_scores(panel, HORIZONS)
    assert set(found) == set(BASELINES) - {"climatology"}
    for name, each in found.items():
        for column, horizon in enumerate(HORIZONS):
            np.testing.assert_array_equal(each[:, column], BASELINES[name](panel, horizon).score)


# --- the whole --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result(record: world.World, shelf: Shelf) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walking, "TRAIN_ROWS", 100)
        return backtest(shelf, Plan(horizons=(6, 12), step=6, resamples=40), given(record, shelf))


@pytest.fixture(scope="module")
def found(result: Result) -> dict:
    return report(result)


def test_a_backtest_finds_the_planted_pace_and_beats_last_growth(found):
    table = found["horizons"]["6"]
    assert table["rows"] > 200
    assert table["auc"] > 0.65
    assert table["intervals"]["auc"][0] > 0.55
    assert table["baselines"]["last growth"]["gain"][1] > 0
    assert table["brier_skill"] > 0
    assert table["thinned_auc"] > 0.6


def test_words_that_were_planted_to_rise_are_given_more_than_those_that_fall(record, result):
    pace = dict(zip(record.words, record.pace, strict=True))
    own = columns(result.told["phrases"][6])
    paces = np.array([pace.get(name, np.nan) for name in own.topic])
    rising, falling, level = (own.p_rise[paces == one].mean() for one in (0.35, -0.35, 0.0))
    assert rising > level + 0.03
    assert rising > falling + 0.1


def test_every_table_has_every_figure(found):
    figures = {"rows", "base_rate", "auc", "auc_60", "brier_skill", "ece", "csi", "thinned_auc"}
    for table in found["horizons"].values():
        assert figures | {"coverage_80", "intervals", "by_size", "by_pace", "reliability"} <= set(table)
        assert set(BASELINES) < set(table["baselines"])
        for name, one in table["baselines"].items():
            assert figures <= set(one), name
            assert one["rows"] == table["rows"]
    for kind in ("directions", "clusters"):
        assert set(found[kind]) == {"6", "12"}
        for table in found[kind].values():
            assert figures - {"thinned_auc"} <= set(table)


def test_the_parts_of_a_table_are_its_rows(found):
    for table in found["horizons"].values():
        for parts in (table["by_size"].values(), table["by_pace"].values(), table["reliability"]):
            assert sum(one["rows"] for one in parts) == table["rows"]
        rose = sum(one["rose"] for one in table["reliability"])
        assert rose / table["rows"] == pytest.approx(table["base_rate"], abs=1e-4)


def test_climatology_ranks_nothing_and_persistence_no_better(found):
    for table in found["horizons"].values():
        for name in ("climatology", "persistence"):
            assert table["baselines"][name]["auc"] == 0.5
            assert table["baselines"][name]["brier_skill"] <= 0.001


def test_gains_are_differences_of_what_the_table_shows(found):
    table = found["horizons"]["6"]
    for name, one in table["baselines"].items():
        if name != "climatology":
            gain, low, high = one["gain"]
            assert gain == pytest.approx(table["auc"] - one["auc"], abs=2e-4), name
            assert low <= gain <= high, name


def test_origins_bound_what_is_tried_and_not_what_is_learnt(record, shelf, result, few_rows):
    first = month_after(world.FIRST, 44)
    plan = Plan(first=first, horizons=(6,), step=6, kinds=("phrases",), thinned=False, placebo=False, baselines=False)
    late = backtest(shelf, plan)

    months = [one.origin.month for one in late.told["phrases"][6]]
    before = {one.origin.month: one for one in result.told["phrases"][6]}
    assert months == [month for month in before if month >= 44]
    assert len(before) > len(months)
    for one in late.told["phrases"][6]:
        assert one.forecast.p_rise.tobytes() == before[one.origin.month].forecast.p_rise.tobytes()
    assert report(late)["origins"]["first"] == f"{month_after(world.FIRST, months[0]):%Y-%m}"


def test_what_is_left_out_leaves_no_empty_figures(shelf, few_rows):
    plan = Plan(horizons=(6,), step=6, kinds=("phrases",), thinned=False, placebo=False, baselines=False, resamples=5)
    table = report(backtest(shelf, plan))
    assert table["directions"] == table["clusters"] == table["placebo"] == {}
    assert table["horizons"]["6"]["baselines"] == {}
    assert table["horizons"]["6"]["thinned_auc"] is None


def test_a_record_too_short_says_what_a_backtest_needs(record):
    short = world.shelf_of([one for one in record.papers if one.month < 30], 30)
    with pytest.raises(LittriageError, match="needs 24 months before the first origin"):
        backtest(short, Plan(kinds=("phrases",), thinned=False, placebo=False, baselines=False))


def test_progress_is_told_from_nothing_done_to_all_done(shelf, few_rows):
    heard: list[tuple[str, int, int]] = []
    plan = Plan(horizons=(6,), kinds=("phrases",), thinned=False, placebo=False, baselines=False, step=6)
    backtest(shelf, plan, None, lambda *told: heard.append(told))
    for what in ("origins", "forecasts"):
        own = [(done, of) for name, done, of in heard if name == what]
        assert own[0][0] == 0
        assert own[-1][0] == own[-1][1]
        assert own == sorted(own)


# --- what a record allows ---------------------------------------------------------------------------------------


def test_months_say_which_origins_can_be_tried():
    known = month_span(date(2015, 1, 1), date(2018, 12, 1))  # 48 months: numbers 0 to 47
    tested = Months(known).tested(Plan())
    # Origins backwards from 47 by 3: 23, 26, ..., 41 have closed by 47, and need one that had closed before.
    assert tested == [month_after(date(2015, 1, 1), month) for month in (29, 32, 35, 38, 41)]
    assert Months(known[:35]).tested(Plan()) == []
    late = Months(known).tested(Plan(first=date(2018, 1, 1)))
    assert late == [month_after(date(2015, 1, 1), month) for month in (38, 41)]
    assert Months(known).tested(Plan(horizons=(24,))) == []


def test_a_year_without_months_takes_its_origins_away():
    known = month_span(date(2015, 1, 1), date(2018, 12, 1))
    holed = [month for month in known if month.year != 2017]
    assert Months(holed).tested(Plan()) == []


def test_lacking_months_are_named_in_spans_with_their_status():
    months = month_span(date(2020, 1, 1), date(2020, 12, 1))
    status = {3: MonthStatus.MISSING, 4: MonthStatus.MISSING, 5: MonthStatus.PARTIAL, 9: MonthStatus.MISSING}
    rows = [
        FieldMonth(
            category_set="cs.CL", month=month, held=1, reported=None, late=None, growth=None, growth_low=None,
            growth_high=None, lost=0.0, status=status.get(month.month, MonthStatus.COMPLETE), reason="",
            source="import",
        )
        for month in months
    ]  # fmt: skip
    known = [month for month in months if month.month not in status]
    text = _lacking(rows, known)
    assert text == "not comparable: 2020-03 to 2020-04 (missing), 2020-05 (partial), 2020-09 (missing)"
    assert _lacking([row for row in rows if row.month in known], known) == "the record ends with 2020-12"


def test_a_result_is_kept_beside_the_tables_under_its_field(tmp_path):
    assert kept_at(tmp_path, "cs.CL") == tmp_path / "backtest-cs.CL.json"
    assert kept_at(tmp_path, "") == tmp_path / "backtest.json"
    long = " ".join(f"cs.A{number}" for number in range(80))
    assert len(kept_at(tmp_path, long).name) < 130
    assert kept_at(tmp_path, long) != kept_at(tmp_path, f"{long} cs.CL")
