"""What judged hits teach about the others: where it is better, where it stays silent, and what a run makes of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from littriage import assistance, learning
from littriage.learning import MIN_EACH, MIN_JUDGED, Learned, Way, enough, learned
from littriage.membership import RULES
from littriage.model import Catalogue, Direction, Judgement, Label, LexicalHit, Membership, Query, Theme
from littriage.progress import Quiet
from littriage.run import Run
from littriage.warehouse import Warehouse, derived, judgements
from littriage.warehouse import vectors as vectors_files
from stored import store_memberships

DIM = 24
SEED = 1
Hits = tuple[NDArray[np.float64], NDArray[np.float32]]
"""The rule's probabilities, and unit vectors."""


def hits(
    count: int, seed: int, low: float = 0.1, high: float = 0.75
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Probabilities evenly spread, and unit vectors in random directions."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return random.permutation(np.linspace(low, high, count)), vectors.astype(np.float32)


def by_first_axis(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """A truth that the vector tells and the rule does not see."""
    return vectors[:, 0] > 0


def by_the_rule(probabilities: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    """A truth that the rule tells as well as can be: each hit is positive with its probability."""
    return np.random.default_rng(seed + 1000).random(len(probabilities)) < probabilities


def log_loss(probabilities: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    return float(-np.log(np.where(truth, probabilities, 1 - probabilities)).mean())


def taught(
    probabilities: NDArray[np.float64], vectors: NDArray[np.float32], truth: NDArray[np.bool_], judged: int
) -> Learned:
    found = learned(probabilities, vectors, np.arange(judged), truth[:judged], SEED)
    assert found is not None
    return found


# --- where it is better -----------------------------------------------------------------------------------------


def test_what_the_vector_tells_and_the_rule_misses_is_learned() -> None:
    """Hits that nobody judged are told much better than by the rule, and the measure has said so beforehand."""
    probabilities, vectors = hits(600, 3)
    truth = by_first_axis(vectors)
    found = taught(probabilities, vectors, truth, 200)
    rest = found.applies & (np.arange(600) >= 200)

    assert found.way is Way.LEARNED
    assert rest.sum() > 350
    assert log_loss(found.probabilities[rest], truth[rest]) < 0.75 * log_loss(probabilities[rest], truth[rest])
    assert found.loss_learned < 0.85 * found.loss_rule
    assert found.loss_learned == pytest.approx(log_loss(found.probabilities[rest], truth[rest]), abs=0.1)
    assert (found.judged, found.positive) == (200, truth[:200].sum())
    assert found.expected == pytest.approx(found.positive, rel=0.05)
    assert found.brier < found.brier_rule


def test_a_rule_that_is_sure_of_too_much_is_recalibrated() -> None:
    """Of hits of any probability, three in ten are positive: the vector knows no more, but the level was wrong."""
    probabilities, vectors = hits(600, 5, 0.3, 0.9)
    truth = np.random.default_rng(8).random(600) < 0.3
    found = taught(probabilities, vectors, truth, 200)

    assert found.way is Way.RECALIBRATED
    assert found.loss_recalibrated < found.loss_rule
    rest = found.applies & (np.arange(600) >= 200)
    assert found.probabilities[rest].mean() == pytest.approx(0.3, abs=0.08)
    order = np.argsort(probabilities[rest])
    assert (np.diff(found.probabilities[rest][order]) >= 0).all()  # a recalibration keeps the order of the rule


def test_a_rule_that_is_upside_down_is_flattened_and_not_turned_round() -> None:
    """The surest hits are out and the least sure are core: the recalibrated rule says the same of all of them."""
    probabilities, _ = hits(300, 5)
    truth = probabilities < np.median(probabilities)
    found = taught(probabilities, np.tile(np.eye(1, DIM, dtype=np.float32), (300, 1)), truth, 300)
    assert found.way in (Way.RECALIBRATED, Way.LEARNED)
    flat = learning._recalibration(learning._log_odds(probabilities), truth.astype(float))
    assert flat[1] == 0
    assert flat[0] == pytest.approx(0, abs=1e-9)


# --- where it is silent -----------------------------------------------------------------------------------------


def test_where_the_rule_is_right_it_mostly_stands() -> None:
    """Labels that the vector knows nothing of: in fifty draws the gate opens seldom, and costs next to nothing."""
    opened, worse = 0, []
    for seed in range(50):
        probabilities, vectors = hits(300, seed)
        truth = by_the_rule(probabilities, seed)
        found = taught(probabilities, vectors, truth, 120)
        opened += found.way is not Way.RULE
        rest = slice(120, None)
        worse.append(log_loss(found.probabilities[rest], truth[rest]) - log_loss(probabilities[rest], truth[rest]))
    assert opened <= 5
    assert np.mean(worse) < 0.002


@pytest.mark.parametrize(
    ("judged", "positive"),
    [(MIN_JUDGED - 1, 20), (200, 0), (200, 200), (200, MIN_EACH - 1), (200, 200 - MIN_EACH + 1), (0, 0)],
)
def test_too_few_judged_hits_or_one_kind_alone_teach_nothing(judged: int, positive: int) -> None:
    """None: the rule stands."""
    probabilities, vectors = hits(300, 1)
    labels = np.arange(judged) < positive
    assert not enough(judged, positive)
    assert learned(probabilities, vectors, np.arange(judged), labels, SEED) is None


def test_as_few_as_are_needed_are_enough() -> None:
    """Forty judged hits with eight on one side."""
    probabilities, vectors = hits(60, 1)
    found = learned(probabilities, vectors, np.arange(MIN_JUDGED), np.arange(MIN_JUDGED) < MIN_EACH, SEED)
    assert found is not None
    assert (found.judged, found.positive) == (MIN_JUDGED, MIN_EACH)


def test_outside_the_probabilities_that_were_judged_the_rules_word_stands() -> None:
    """Judged are hits from 0.2 to 0.6; nobody has looked at others, so nothing is said of them."""
    probabilities, vectors = hits(800, 4, 0.0, 1.0)
    truth = by_first_axis(vectors)
    judged = np.flatnonzero((probabilities >= 0.2) & (probabilities <= 0.6))[:200]
    found = learned(probabilities, vectors, judged, truth[judged], SEED)

    assert found is not None
    assert found.way is Way.LEARNED
    assert 0.2 <= found.low < 0.25
    assert 0.55 < found.high <= 0.6
    outside = (probabilities < found.low) | (probabilities > found.high)
    assert (found.applies == ~outside).all()
    assert (found.probabilities[outside] == probabilities[outside]).all()


def test_one_judged_hit_far_off_does_not_stretch_the_range() -> None:
    """A single sure hit that was judged says nothing of all sure hits."""
    probabilities, vectors = hits(101, 4)
    probabilities[100] = 0.999
    found = taught(probabilities, vectors, by_first_axis(vectors), 101)
    assert found.high < 0.75


# --- laws -------------------------------------------------------------------------------------------------------


def test_the_order_of_the_hits_makes_no_difference() -> None:
    """Nor that of the judgements: bit for bit, and the same input gives the same answer again."""
    probabilities, vectors = hits(300, 7)
    truth = by_first_axis(vectors)
    found = taught(probabilities, vectors, truth, 120)
    again = taught(probabilities, vectors, truth, 120)
    order = np.random.default_rng(2).permutation(300)
    judged = np.random.default_rng(3).permutation(np.flatnonzero(order < 120))
    other = learned(probabilities[order], vectors[order], judged, truth[order][judged], SEED)

    assert other is not None
    assert (found.probabilities == again.probabilities).all()
    assert (other.probabilities == found.probabilities[order]).all()
    assert (other.loss_learned, other.way) == (found.loss_learned, found.way)


def test_a_new_paper_changes_nothing_that_is_said_of_others() -> None:
    """What is learned rests on the judged hits alone."""
    probabilities, vectors = hits(300, 7)
    truth = by_first_axis(vectors)
    fewer = taught(probabilities[:150], vectors[:150], truth[:150], 120)
    more = taught(probabilities, vectors, truth, 120)
    assert (more.probabilities[:150] == fewer.probabilities).all()


def test_a_judged_hit_is_told_without_its_own_label() -> None:
    """What is said of judged hits is as wrong as the measure says, not as right as a fit that has seen them."""
    probabilities, vectors = hits(120, 9)
    truth = by_first_axis(vectors) ^ (np.random.default_rng(9).random(120) < 0.15)
    found = taught(probabilities, vectors, truth, 120)
    inside = found.applies
    assert found.way is Way.LEARNED
    assert ((found.probabilities - truth)[inside] ** 2).mean() == pytest.approx(found.brier, rel=0.03)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(MIN_JUDGED, 90),
    ends=st.lists(st.sampled_from([0.0, 1.0, 0.5, 1e-12, 1 - 1e-12]), min_size=0, max_size=40),
    copies=st.integers(0, 40),
)
def test_probabilities_stay_probabilities(seed: int, count: int, ends: list[float], copies: int) -> None:
    """Whatever the rule is sure of, and however often one paper comes twice: never NaN, never outside 0 to 1."""
    probabilities, vectors = hits(count, seed)
    probabilities[: len(ends)] = ends[:count]
    vectors[-copies or count :] = vectors[0]
    probabilities[-copies or count :] = probabilities[0]
    truth = np.random.default_rng(seed).random(count) < 0.5
    found = learned(probabilities, vectors, np.arange(count), truth, SEED)
    if found is None:
        assert not enough(count, int(truth.sum()))
        return
    assert np.isfinite(found.probabilities).all()
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    figures = (found.loss_rule, found.loss_recalibrated, found.loss_learned, found.brier, found.brier_rule)
    assert np.isfinite(figures).all()
    assert (found.applies.any()) == (found.way is not Way.RULE)


def test_scikit_learn_waits_for_the_first_fit() -> None:
    """Importing the module, and asking whether there is enough to learn from, loads none of it."""
    code = (
        "import sys; from littriage import learning; learning.enough(100, 50); "
        "print(sorted({'sklearn', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


# --- in a run ---------------------------------------------------------------------------------------------------

RULE = RULES["minilm"]
MODEL = "minilm@test"
MODELS = {RULE.name: MODEL}
PARSING = Direction("parsing", "language", "Parsing", "句法分析", "Syntax trees of sentences.", Query((("parsing",),)))
SPEECH = Direction("speech", "language", "Speech", "语音", "Spoken language.", Query((("speech",),)))


@pytest.fixture
def run(warehouse: Warehouse) -> Run:
    """A run on two directions, with a warehouse of 300 papers that both queries match."""
    catalogue = Catalogue((Theme("language", "Language", "语言", "Words."),), (PARSING, SPEECH))
    made = Run(warehouse, catalogue, date(2026, 1, 5), lambda: datetime(2026, 1, 5), Quiet())
    decide(made, 300)
    return made


def decide(run: Run, count: int, months: Callable[[int], int] = lambda number: 1 + number % 12) -> None:
    """What harvest, match, embed and decide leave behind, for so many papers."""
    probabilities, vectors = hits(400, 11)
    ids = [f"p{number:03}" for number in range(count)]
    days = [date(2020, months(number), 1) for number in range(count)]
    run.warehouse.insert(
        "paper",
        {"id": ids, "title": ids, "abstract": ids, "text_hash": ids, "published": days, "month": days},
        authors=["A"], categories=["cs.CL"], date_kind="submitted", source="s", in_field=True,
    )  # fmt: skip
    texts = [derived.Text(one, one, one, (), one) for one in ids]
    vectors_files.store(run.warehouse, texts, vectors[:count], MODEL)
    store_memberships(
        run.warehouse,
        [
            Membership(
                one, slug, LexicalHit(slug, True, 1, 1, 1, 0.0), 0.5, probability,
                probability >= RULE.threshold, RULE.name, min(1.0, probability + 0.1),
            )
            for slug in ("parsing", "speech")
            for one, probability in zip(ids, probabilities[:count].tolist(), strict=True)
        ],
    )  # fmt: skip


def say(run: Run, numbers: Iterable[int], core: Callable[[int], bool], judge: str = "person") -> None:
    """Judgements on papers of `parsing`: core where that says so, else out."""
    judgements.store(
        run.warehouse,
        [
            judgements.Kept(
                Judgement(f"p{number:03}", "parsing", Label.CORE if core(number) else Label.OUT, judge),
                f"p{number:03}", judgements.scope_hash(PARSING), datetime(2026, 1, 1),
            )
            for number in numbers
        ],
    )  # fmt: skip


def told(run: Run, what: str = "*", where: str = "direction = 'parsing'") -> list[tuple[object, ...]]:
    return run.warehouse.connection.execute(f"select {what} from membership where {where} order by all").fetchall()


_, VECTORS = hits(400, 11)
TRUTH = by_first_axis(VECTORS)


def truth(number: int) -> bool:
    return bool(TRUTH[number])


def contrary(number: int) -> bool:
    return not TRUTH[number]


def test_judged_hits_speak_for_all_others_of_their_direction(run: Run) -> None:
    """Months old and new alike, within the range that was judged; the other direction keeps its rule."""
    say(run, range(120), truth)
    counts = assistance.screen(run, None, MODELS)

    assert (counts["learned directions"], counts["recalibrated directions"]) == (1, 0)
    assert told(run, "distinct decided_by", "direction = 'speech'") == [("rule",)]
    assert told(run, "count(*)", "direction = 'parsing' and decided_by = 'person'") == [(120,)]
    ((low, high),) = run.warehouse.connection.execute("select low, high from learning where target = 'core'").fetchall()
    rescored = "direction = 'parsing' and paper_id >= 'p120' and rule_probability between ? and ?"
    rows = run.warehouse.connection.execute(
        "select decided_by, probability = learned_probability::float, probability <> rule_probability::float, "
        f"probability_any::float >= probability from membership where {rescored}",
        [low, high],
    ).fetchall()
    assert len(rows) > 150
    assert set(rows) == {("learned", True, True, True)}
    outside = "direction = 'parsing' and paper_id >= 'p120' and decided_by = 'rule'"
    assert 0 < len(told(run, "1", outside)) < 30
    assert told(run, "bool_and((label = 'core') = member)") == [(True,)]
    right = [(probability > 0.5) == truth(int(str(one)[1:])) for one, probability in
             told(run, "paper_id, learned_probability", "decided_by = 'learned'")]  # fmt: skip
    assert np.mean(right) > 0.8


def test_a_second_run_learns_nothing_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was learned still counts, and nothing is fitted."""
    say(run, range(120), truth)
    first = assistance.screen(run, None, MODELS)
    before = told(run)
    monkeypatch.setattr(learning, "learned", lambda *_: pytest.fail("nothing has changed"))
    assert assistance.screen(run, None, MODELS) == {**first}
    assert told(run) == before


def test_contrary_judgements_change_what_was_learned(run: Run) -> None:
    """A person who says the opposite of what a model said has the last word, and teaches the opposite."""
    say(run, range(120), truth, "llm:small")
    assistance.screen(run, None, MODELS)
    before = dict(told(run, "paper_id, learned_probability", "decided_by = 'learned'"))
    say(run, range(120), contrary)
    assistance.screen(run, None, MODELS)
    after = dict(told(run, "paper_id, learned_probability", "decided_by = 'learned'"))
    turned = [one for one in before if (before[one] > 0.5) != (after[one] > 0.5)]  # type: ignore[operator]
    assert len(turned) > 0.9 * len(before)


def test_judgements_taken_back_leave_the_rule(run: Run) -> None:
    """With too few left, nothing of what was learned stays behind."""
    assistance.screen(run, None, MODELS)
    before = told(run)
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    assert told(run) != before
    for number in range(120):
        judgements.forget(run.warehouse, f"p{number:03}", "parsing")
    counts = assistance.screen(run, None, MODELS)
    assert counts["learned directions"] == 0
    assert told(run) == before
    assert run.warehouse.connection.execute("select count(*) from learning").fetchone() == (0,)


def test_a_new_paper_is_told_by_what_was_learned_and_changes_no_other(run: Run) -> None:
    """The rule weighs all hits anew, and what was learned is put in its place again."""
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    before = told(run)
    decide(run, 310)
    assert told(run, "count(learned_probability)") == [(0,)]
    assistance.screen(run, None, MODELS)
    after = told(run)
    assert after[:300] == before
    assert "learned" in {row[0] for row in told(run, "decided_by", "direction = 'parsing' and paper_id >= 'p300'")}


def test_memberships_that_are_decided_anew_are_learned_anew(run: Run) -> None:
    """Though no hit and no judgement has changed, as where the rule has another version."""
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    before = told(run)
    decide(run, 300)
    assistance.screen(run, None, MODELS)
    assert told(run) == before


def test_undecided_papers_count_with_what_was_learned_of_them(run: Run) -> None:
    """The variance of a month's sum is that of the learned probabilities, not 0."""
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    counted = derived.member_months(run.warehouse)["parsing"]
    expected = told(
        run, "sum(probability::double * (1 - probability::double))", "direction = 'parsing' and paper_id >= 'p120'"
    )
    assert sum(month[2] or 0 for month in counted.values()) == pytest.approx(expected[0][0], abs=1e-4)


def test_what_is_asked_does_not_depend_on_what_was_learned(run: Run) -> None:
    """The grey band is the rule's."""
    before = {paper.paper_id for paper in assistance.grey_hits(run).papers["parsing"]}
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    after = {paper.paper_id for paper in assistance.grey_hits(run).papers["parsing"]}
    assert after == before - {f"p{number:03}" for number in range(120)}


def test_what_a_person_judged_is_told_to_the_audit_as_if_nobody_had(run: Run) -> None:
    """By a fit that has not seen that person's label."""
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    said = dict(told(run, "paper_id, coalesce(learned_probability, rule_probability)", "direction = 'parsing'"))
    run.warehouse.connection.execute(
        "insert into hit by name "
        "select paper_id, direction, true as in_title, 1 as title_groups, 1 as phrases from membership"
    )
    found = judgements.hits(run.warehouse, "parsing", 1)
    assert {one.paper_id: pytest.approx(one.counted, abs=1e-6) for one in found} == said
    above = {one.paper_id for one in found if one.above}
    assert above == {one for one, probability in said.items() if probability >= RULE.threshold}  # type: ignore[operator]


def test_a_direction_whose_vectors_are_not_known_keeps_its_rule(run: Run) -> None:
    """As where its rule belongs to another tier than this run has."""
    say(run, range(120), truth)
    counts = assistance.screen(run, None, {"v2/fast": MODEL})
    assert counts["learned directions"] == 0
    assert told(run, "count(learned_probability)") == [(0,)]


def test_the_record_of_learning_adds_up(run: Run) -> None:
    """One row per target, with what was judged and how the ways compare."""
    say(run, range(120), truth)
    assistance.screen(run, None, MODELS)
    rows = run.warehouse.connection.execute(
        "select target, way, judged, positive, loss_learned < loss_rule, expected from learning order by target"
    ).fetchall()
    assert [row[:5] for row in rows] == [
        ("any", "learned", 120, TRUTH[:120].sum(), True),
        ("core", "learned", 120, TRUTH[:120].sum(), True),
    ]
    assert rows[1][5] == pytest.approx(TRUTH[:120].sum(), rel=0.1)
