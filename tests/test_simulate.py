"""The simulated corpus: how many papers of what, and whether they are what they claim to be."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from littriage.directions import Matcher, load_catalogue
from littriage.model import Catalogue, parse_arxiv_id
from littriage.replica.prose import MARKER, direction_topic
from littriage.replica.simulate import (
    Shape,
    SimulatedPaper,
    leading_directions,
    load_shapes,
    month_totals,
    monthly_shape,
    plan,
    simulate,
    simulated_papers,
)
from littriage.resources import folder

LAST = date(2026, 10, 1)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(folder("queries"))


@pytest.fixture(scope="module")
def corpus(catalogue: Catalogue) -> list[SimulatedPaper]:
    return simulate(catalogue, load_shapes(), seed=1, last_month=LAST)


@pytest.fixture(scope="module")
def hits(catalogue: Catalogue, corpus: list[SimulatedPaper]) -> list[set[str]]:
    matcher = Matcher(catalogue.directions)
    papers = (one.paper for one in corpus)
    return [{hit.direction for hit in matcher.hits(p.title, p.abstract, p.categories)} for p in papers]


def shape(*share: float, measured: str = "1111111111", hits: int = 100) -> Shape:
    return Shape(share, tuple(mark == "1" for mark in measured), hits)


# --- shapes -----------------------------------------------------------------------------------------------------


def test_packaged_shapes_speak_of_known_directions_only(catalogue: Catalogue) -> None:
    """Each has ten positive half-years, and with those that have no shape they make up the catalogue."""
    shapes = load_shapes()
    path = Path(__file__).parents[1] / "src" / "littriage" / "replica" / "shapes.toml"
    without = tomllib.loads(path.read_text(encoding="utf-8"))["without"]["directions"]

    assert sorted([*shapes, *without]) == [direction.slug for direction in catalogue.directions]
    for one in shapes.values():
        assert len(one.share) == len(one.measured) == 10
        assert min(one.share) > 0
        assert one.hits >= 30
        assert any(one.measured)
    assert path.stat().st_size < 60_000


def test_monthly_shape_ends_where_the_measured_one_ends() -> None:
    """A half-year's number holds in its middle; between, it is log-linear; before the first one, it is the first."""
    months = monthly_shape(shape(1, 4), months=18)

    # Middles of the half-years: 3 months before the end of month 12 of 18, and 3 before the end.
    assert months[:6] == pytest.approx([1] * 6)
    assert np.sqrt(months[11] * months[12]) == pytest.approx(2)
    assert months[-3:] == pytest.approx([4] * 3)


def test_month_totals_double_and_add_up() -> None:
    """Twice as many in a month as 24 months before, and exactly the number asked for in all."""
    totals = month_totals(60, 4000)

    assert (len(totals), sum(totals)) == (60, 4000)
    assert totals[59] / totals[35] == pytest.approx(2, abs=0.05)
    assert sum(month_totals(7, 10)) == 10


def test_leading_directions_are_the_steepest_and_the_flattest() -> None:
    """A shape of few hits, or mostly interpolated, leads nowhere, however steep."""
    steep, flat = [1, 1, 1, 1, 1, 1, 2, 2, 4, 4], [3] * 10
    shapes = {
        "few-hits": shape(*steep, hits=59),
        "few-measured": shape(*steep, measured="1111000000"),
        "flat": shape(*flat),
        "steep": shape(*steep),
    } | {f"falling-{n}": shape(*(float(2 ** (n * k)) for k in range(10, 0, -1))) for n in (1, 2, 3, 4, 5, 6)}

    leading = leading_directions(shapes)

    assert set(leading) == {"steep", "flat", *(f"falling-{n}" for n in range(1, 7))}
    assert leading["steep"] == max(leading.values())


def test_planned_shares_follow_the_shapes(catalogue: Catalogue) -> None:
    """In its category, a direction's part moves by its shape; what is left is background, never less than none."""
    shapes = load_shapes()
    directions = {direction.slug: direction for direction in catalogue.directions if direction.slug in shapes}
    expected = plan(directions, shapes, 60)

    fields = Counter[str]()
    for (kind, name), papers in expected.items():
        assert papers.min() >= 0
        fields[directions[name].query.categories[0] if kind == "direction" else name] += papers
    for slug, direction in directions.items():
        part = expected["direction", slug] / fields[direction.query.categories[0]]
        wanted = monthly_shape(shapes[slug], 60)
        assert part / part[-1] == pytest.approx(wanted / wanted[-1])


# --- papers -----------------------------------------------------------------------------------------------------


def test_the_seed_decides_everything(catalogue: Catalogue, corpus: list[SimulatedPaper]) -> None:
    """The same seed gives equal papers, another seed others."""
    again = simulated_papers(catalogue, load_shapes(), seed=1, last_month=LAST)
    other = simulated_papers(catalogue, load_shapes(), seed=2, last_month=LAST)

    assert again == [one.paper for one in corpus]
    assert [paper.title for paper in other] != [paper.title for paper in again]


def test_ids_are_valid_and_in_order_of_month(corpus: list[SimulatedPaper]) -> None:
    """Each id is new, names the month of its day, and stands where time puts it; the last month is the one asked."""
    papers = [one.paper for one in corpus]

    assert len(papers) == 4000 == len({paper.id for paper in papers})
    assert all((a.id, a.published) < (b.id, b.published) and a.published <= b.published for a, b in pairwise(papers))
    for paper in papers:
        parsed = parse_arxiv_id(paper.id)
        assert parsed is not None
        assert parsed.base == paper.id
        assert parsed.month == paper.published.replace(day=1)
        assert paper.updated is not None
        assert paper.published <= paper.updated.date() <= date(2026, 10, 31)
    assert papers[0].published.replace(day=1) == date(2021, 11, 1)
    assert papers[-1].published.replace(day=1) == LAST


def test_counts_of_a_month_agree_with_the_plan(catalogue: Catalogue, corpus: list[SimulatedPaper]) -> None:
    """Over half-years, the leading directions' counts scatter about the plan as multinomial counts do."""
    shapes = load_shapes()
    directions = {direction.slug: direction for direction in catalogue.directions if direction.slug in shapes}
    expected = plan(directions, shapes, 60)
    per_month = np.array(month_totals(60, 4000)) / sum(expected.values())
    counts = Counter((one.direction, one.paper.published.year * 12 + one.paper.published.month) for one in corpus)
    first = 2021 * 12 + 11

    def half_years(values: Iterator[float]) -> np.ndarray:
        return np.fromiter(values, float).reshape(10, 6).sum(axis=1)

    chi_square, cells = 0.0, 0
    for slug in leading_directions(shapes):
        wanted = half_years(iter(expected["direction", slug] * per_month))
        seen = half_years(float(counts[slug, first + month]) for month in range(60))
        large = wanted >= 5
        chi_square += float(((seen - wanted) ** 2 / wanted)[large].sum())
        cells += int(large.sum())
    assert cells > 80
    assert abs(chi_square - cells) < 4 * np.sqrt(2 * cells)


def test_every_paper_matches_the_query_of_its_direction(corpus: list[SimulatedPaper], hits: list[set[str]]) -> None:
    """What is about a direction is found by its query; what mentions one is found too; background is not."""
    about = [(one, found) for one, found in zip(corpus, hits, strict=True) if one.direction]
    background = [found for one, found in zip(corpus, hits, strict=True) if not one.direction and not one.mentions]

    assert 0.55 < len(about) / len(corpus) < 0.7
    assert [one.paper.title for one, found in about if one.direction not in found] == []
    assert not any(background)
    mentions = [found for one, found in zip(corpus, hits, strict=True) if one.mentions in found]
    assert 100 < len(mentions) < 400


def test_papers_seldom_match_another_direction(corpus: list[SimulatedPaper], hits: list[set[str]]) -> None:
    """At most two in a hundred match a query that they neither are about nor mention."""
    stray = [found - {one.direction, one.mentions} for one, found in zip(corpus, hits, strict=True)]

    assert sum(map(bool, stray)) <= 0.02 * len(corpus)


def test_a_score_of_directions_has_enough_recent_papers(corpus: list[SimulatedPaper]) -> None:
    """At least 20 directions have 25 papers in the last 24 months, as a verdict needs."""
    recent = Counter(one.direction for one in corpus if one.direction and one.paper.published >= date(2024, 11, 1))

    assert sum(count >= 25 for count in recent.values()) >= 20


def test_every_abstract_says_that_it_is_simulated(corpus: list[SimulatedPaper]) -> None:
    """The marker ends each one, and lengths are those of short real abstracts."""
    words = [len((one.paper.abstract or "").split()) for one in corpus]

    assert all((one.paper.abstract or "").endswith(MARKER) for one in corpus)
    assert (min(words) >= 30, max(words) <= 110) == (True, True)
    assert 45 < sum(words) / len(words) < 80


def test_titles_are_not_those_of_real_exemplars(catalogue: Catalogue, corpus: list[SimulatedPaper]) -> None:
    """No simulated paper takes the name of a real one."""
    real = {exemplar.title.lower() for direction in catalogue.directions for exemplar in direction.exemplars}

    assert not real & {one.paper.title.lower() for one in corpus}


def test_odd_papers_are_among_them(corpus: list[SimulatedPaper]) -> None:
    """LaTeX and non-ASCII titles and names, withdrawn papers, later versions and cross-lists all occur."""
    papers = [one.paper for one in corpus]

    assert any("$" in paper.title for paper in papers)
    assert any(not paper.title.isascii() for paper in papers)
    assert any(not "".join(paper.authors).isascii() for paper in papers)
    withdrawn = [paper for paper in papers if paper.withdrawn]
    assert 0 < len(withdrawn) < 50
    assert all("withdrawn" in (paper.comments or "") for paper in withdrawn)
    assert {paper.version for paper in papers} == {1, 2, 3}
    assert any(len(paper.categories) > 1 for paper in papers)


def test_directions_without_a_shape_get_no_papers(catalogue: Catalogue) -> None:
    """With a single shape, papers are of that direction or of none."""
    one = {"gans": load_shapes()["gans"]}

    papers = simulate(catalogue, one, seed=3, last_month=LAST, months=24, papers=200)

    assert {paper.direction for paper in papers} == {"gans", None}
    assert {paper.paper.published.replace(day=1) for paper in papers} <= {
        date(2024 + (month + 10) // 12, (month + 10) % 12 + 1, 1) for month in range(24)
    }


def test_topics_avoid_what_their_query_excludes(catalogue: Catalogue) -> None:
    """Whatever the words drawn, each OR-group keeps a phrase and no excluded phrase is among them."""
    for direction in catalogue.directions:
        topic = direction_topic(direction)
        assert all(topic.groups)
        texts = " ".join([topic.scope, *topic.details, *(phrase for group in topic.groups for phrase in group)]).lower()
        assert not [phrase for phrase in direction.query.none_of if phrase.lower() in texts]
