"""`audit`: what the cut loses, and how far the probabilities hold, from papers that were drawn and judged."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.judge import SAMPLE, SEED, Seed, Session, keys, no_hits, papers_to_judge, refuse_undecided
from littriage.cli.messages import count_text, part_text
from littriage.cli.options import Json, Queries, complete_file
from littriage.cli.tables import Column
from littriage.cli.working import Work
from littriage.errors import EmptyWarehouse
from littriage.model import Direction, Judgement, Label

if TYPE_CHECKING:
    from littriage.auditing import Calibration, Recall, Stratum
    from littriage.run import Run
    from littriage.warehouse.judgements import Hit, Part


def register(app: typer.Typer) -> None:
    app.command()(audit)


def audit(
    directions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIRECTION]...",
            help="Slug or name [default: those with judged papers].",
            autocompletion=complete_file,
        ),
    ] = None,
    sample: Annotated[int, typer.Option("--sample", metavar="N", min=1, help="Papers drawn from each part.")] = SAMPLE,
    seed: Seed = SEED,
    ask: Annotated[
        bool, typer.Option("--ask", help='First judge what is not judged yet, as in "littriage judge".')
    ] = False,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Show what part of the papers is found, at least.

    That is a lower bound of recall, by direction. Papers are drawn at random among those that are counted, those that
    the rule leaves out, and those that the query does not match; it rests on what readers said of them: persons, else
    language models. Where too few are judged it says how many more are needed.
    """
    from littriage import configuration, wiring
    from littriage.directions import find_direction
    from littriage.progress import Quiet
    from littriage.warehouse import judgements

    settings = configuration.settings_from(os.environ, queries=queries, warehouse=warehouse)
    with wiring.opened_run(settings, Quiet(), create=False) as run:
        if directions:
            chosen = [find_direction(run.catalogue, name) for name in dict.fromkeys(directions)]
        else:
            known = {one.judgement.direction for one in judgements.all_of(run.warehouse)}
            chosen = [one for one in run.catalogue.directions if one.slug in known]
        if not chosen:
            raise EmptyWarehouse(
                f"nobody has judged a paper in {run.warehouse.path}, so that nothing is known of what the cut loses: "
                f'"littriage judge DIRECTION --below" asks for about {sample} papers of each part, and "littriage '
                'audit DIRECTION" says how many are needed'
            )
        if ask:
            for direction in chosen:
                papers = papers_to_judge(run, direction, "random", random=None, below=True, sample=sample, seed=seed)
                Session(run, direction, papers).hold(keys())
        found = [_Finding(run, direction, sample, seed) for direction in chosen]
        if as_json:
            tables.print_json({"sample": sample, "seed": seed, "directions": [one.as_json() for one in found]})
            return
        for one in found:
            one.show()


class _Finding:
    """What an audit finds of one direction."""

    def __init__(self, run: Run, direction: Direction, sample: int, seed: int) -> None:
        from littriage import auditing
        from littriage.warehouse import judgements
        from littriage.warehouse.judgements import Part

        self.direction = direction
        hits = judgements.hits(run.warehouse, direction.slug, seed)
        if not hits:
            raise no_hits(run, direction)
        drawn = judgements.draws(run.warehouse, direction, seed=seed, sample=sample)
        refuse_undecided(run, direction, drawn[Part.ABOVE].papers + drawn[Part.BELOW].papers)
        best = judgements.best(run.warehouse, direction.slug)
        said = {paper: word for (paper, _), word in best.items()}
        self.strata = {
            part: auditing.judged_stratum(part.value, one.papers, one.drawn, said) for part, one in drawn.items()
        }
        self.drawn = {part: len(one.drawn) for part, one in drawn.items()}
        self.field_held = Part.FIELD in drawn
        self.expected_above = sum(one.counted or 0.0 for one in hits if one.above)
        above = self.strata[Part.ABOVE]
        enough = above.judged >= min(auditing.ABOVE_NEEDS, above.papers) > 0
        self.above: Stratum | float = above if enough else self.expected_above
        self.recalls: dict[str, Recall | None] = {}
        below = []
        for part, within in (
            (Part.BELOW, "among the hits"),
            (Part.NEAR, "among these and the papers nearest to them"),
            (Part.FIELD, "in the whole field"),
        ):
            if part in self.strata:
                below.append(self.strata[part])
                self.recalls[within] = auditing.recall(self.above, below)
        found = (above.expected or 0.0) if enough else self.expected_above
        self.needed: dict[Part, int | None] = {
            part: auditing.judgements_needed(found, one.papers)
            for part, one in self.strata.items()
            if part is not Part.ABOVE
        }
        self.calibration = _calibrated(hits, judgements.persons(run.warehouse, direction.slug))

    def show(self) -> None:
        """Print it for a person."""
        from littriage.warehouse.judgements import Part

        tables.print_line(f"{self.direction.name}: {self.direction.slug}")
        tables.print_table(
            [Column("part"), *(Column(name, True) for name in _AUDIT_COLUMNS)],
            [
                (
                    one.name, f"{one.papers:,}", f"{self.drawn[part]:,}", f"{one.judged:,}", f"{one.by_person:,}",
                    f"{one.core:,}" if one.judged else "-", count_text(one.expected, 1),
                )
                for part, one in self.strata.items()
            ],
        )  # fmt: skip
        if isinstance(self.above, float):
            tables.print_line(
                f"Core papers among the members: {self.expected_above:,.1f}, as they are counted; too few "
                f"members of the draw are judged to say more (littriage judge {self.direction.slug} --random N)"
            )
        for within, recall in self.recalls.items():
            tables.print_line(f"Recall {within}: {_recall_text(recall)}")
        if not self.field_held:
            tables.print_line("Papers without a phrase of the query: not drawn, no copy of the field is held")
        for part, one in self.strata.items():
            if part is not Part.ABOVE and one.papers and not one.judged:
                tables.print_line(self._call_for(part))
        _show_calibration(self.calibration, self.direction.slug)
        tables.print_line()

    def _call_for(self, part: Part) -> str:
        """How many judgements of a part would show something, and how to give them."""
        from littriage.auditing import FLOOR

        needed, slug = self.needed[part], self.direction.slug
        how = f"littriage judge {slug} --below" + (f" --sample {needed}" if needed and needed > SAMPLE else "")
        if needed is None:
            return f"{part.value}: nobody judged the draw, and no core paper is known above the cut: {how}"
        if needed == 0:
            return (
                f"{part.value}: nobody judged the draw; too few papers to bring recall below {part_text(FLOOR)}: {how}"
            )
        return (
            f"{part.value}: nobody judged the draw; {needed:,} judged papers, none of them core, would show that this "
            f"part alone leaves recall at {part_text(FLOOR)} or more: {how}"
        )

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values: null for what is not known."""
        from littriage.warehouse.judgements import Part

        return {
            "direction": self.direction.slug,
            "strata": [
                {
                    "part": part.name.lower(),
                    "papers": one.papers,
                    "drawn": self.drawn[part],
                    "counted": one.drawn,
                    "judged": one.judged,
                    "by_person": one.by_person,
                    "core": one.core,
                    "expected_core": one.expected,
                    "judgements_needed": self.needed.get(part),
                }
                for part, one in self.strata.items()
            ],
            "field_held": self.field_held,
            "above_from": "rule" if isinstance(self.above, float) else "draw",
            "recall": [
                {
                    "part": Part(list(self.strata)[place + 1]).name.lower(),
                    "expected": one.expected if one else None,
                    "low": one.low if one else None,
                    "found": one.found if one else None,
                    "missed": one.missed if one else None,
                    "missed_high": one.missed_high if one else None,
                    "confidence": one.confidence if one else None,
                }
                for place, one in enumerate(self.recalls.values())
            ],
            "calibration": _calibration_json(self.calibration),
        }


_AUDIT_COLUMNS = ("papers", "drawn", "judged", "by persons", "core", "core in all")


def _recall_text(found: Recall | None) -> str:
    if found is None or found.expected is None or found.low is None:
        return "not known: judgements are lacking" if found is None else "not defined: there is no core paper"
    return (
        f"at least {part_text(found.low)} ({part_text(found.confidence)} confidence), expected "
        f"{part_text(found.expected)}; about {found.missed:,.0f} core papers missed, at most {found.missed_high:,.0f}"
    )


def _calibrated(hits: Sequence[Hit], persons: Mapping[str, Judgement]) -> Calibration | None:
    """Of the beginning of the draw from all hits that persons have judged nearly whole."""
    from littriage import auditing

    drawn = [one for one in hits if one.rule_probability is not None]
    counted = auditing.judged_stratum("hits", len(hits), [one.paper_id for one in drawn], persons).drawn
    return auditing.calibration(
        [
            (one.rule_probability, persons[one.paper_id].label is Label.CORE)
            for one in drawn[:counted]
            if one.paper_id in persons and one.rule_probability is not None
        ]
    )


def _show_calibration(found: Calibration | None, slug: str) -> None:
    if found is None:
        tables.print_line(
            f"Calibration: no random sample of the hits is judged: littriage judge {slug} --random {SAMPLE}"
        )
        return
    ratio, interval = found.ratio, found.interval
    told = "-" if ratio is None or interval is None else f"{ratio:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
    tables.print_line(
        f"Calibration: {found.observed} core of {found.judged} hits that were drawn and judged by persons, where the "
        f"rule expected {found.expected:.1f}: {told} times ({part_text(found.confidence)} interval)"
    )


def _calibration_json(found: Calibration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    low, high = found.interval or (None, None)
    return {
        "judged": found.judged,
        "observed": found.observed,
        "expected": found.expected,
        "ratio": found.ratio,
        "ratio_low": low,
        "ratio_high": high,
        "confidence": found.confidence,
    }
