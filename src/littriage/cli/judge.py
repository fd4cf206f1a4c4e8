"""`judge`: a person's word on papers, key by key, from a file and into one."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import chance_text
from littriage.cli.options import Json, Queries, complete_file
from littriage.cli.tables import Column, clean
from littriage.cli.working import Work
from littriage.errors import EmptyWarehouse, EvaluationError, SettingsError
from littriage.model import Direction, Judgement, Label

if TYPE_CHECKING:
    from littriage.run import Run
    from littriage.warehouse.judgements import Kept, PaperToJudge

SEED = 20210601
"""Of every draw, unless another is given."""
SAMPLE = 100
GOLD_LABELS: Mapping[Label, int] = {Label.CORE: 2, Label.RELATED: 1, Label.OUT: 0}
"""As judgement files write them."""

_KEYS: Mapping[str, Label] = {"c": Label.CORE, "r": Label.RELATED, "o": Label.OUT}
_KEY_LINE = "c core, r related, o out, s skip, u undo, n note, ? help, q quit"
_HELP = (
    "c: core, the paper's main topic lies inside the scope",
    "r: related, the direction is a substantial ingredient of it, or it is a near neighbour by the scope",
    "o: out, neither",
    "s: skip, no judgement; the paper comes again another time",
    "u: undo, take the last judgement back and see its paper again",
    "n: note, a line that is kept with the judgement of this paper",
    "q: quit, every judgement so far is stored",
)
_WIDEST = 100

Judged = Annotated[
    str | None,
    typer.Argument(
        metavar="DIRECTION",
        help='Slug or name, as "littriage directions list" shows them.',
        autocompletion=complete_file,
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Of the draw: the same seed draws the same papers.")]


def register(app: typer.Typer) -> None:
    app.command()(judge)


# --- judge ------------------------------------------------------------------------------------------------------


def judge(
    direction: Judged = None,
    order: Annotated[
        str, typer.Option("--order", metavar="ORDER", help="Which come first: uncertain, random or newest.")
    ] = "uncertain",
    random: Annotated[
        int | None,
        typer.Option("--random", metavar="N", min=1, help="Only N matched papers drawn at random, to test the rule."),
    ] = None,
    below: Annotated[
        bool, typer.Option("--below", help='Papers drawn at random that the rule leaves out, for "littriage audit".')
    ] = False,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=1, help="With --below: how many of each part.")
    ] = SAMPLE,
    seed: Seed = SEED,
    listed: Annotated[bool, typer.Option("--list", help="Show what was judged.")] = False,
    undo: Annotated[str | None, typer.Option("--undo", metavar="ID", help="Take back your word on this paper.")] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE.csv", help="Write what was judged; - is standard output.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", metavar="FILE.csv", help="Take in judgements: of DIRECTION, or all.")
    ] = None,
    judge_name: Annotated[
        str, typer.Option("--judge", metavar="NAME", help="With --import: who judged, person or llm:MODEL.")
    ] = "person",
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Judge by hand which papers belong to a direction.

    Shows one paper after the other; a key stores your word at once: c core, r related, o out, s skip, u undo, n note,
    ? help, q quit. The rule's probability is shown only after that. Keys come from the terminal, or as lines from
    standard input. A person's word beats every rule and model, from the next run on.
    """
    from littriage import configuration, wiring
    from littriage.directions import find_direction
    from littriage.progress import Quiet
    from littriage.warehouse.judgements import Order

    if order not in {one.value for one in Order}:
        raise SettingsError(f"there is no order {order!r}: take uncertain, random or newest", order=order)
    if random is not None and below:
        raise SettingsError("--random draws from all hits, --below from what is left out: take one of the two")
    if sum(bool(one) for one in (listed, undo, export, import_)) > 1:
        raise SettingsError("--list, --undo, --export and --import are four ways to go: take one of them")
    if judge_name != "person" and not (judge_name.startswith("llm:") and judge_name != "llm:"):
        raise SettingsError(f"--judge {judge_name!r}: take person, or llm: and the model's name", judge=judge_name)
    settings = configuration.settings_from(os.environ, queries=queries, warehouse=warehouse)
    with wiring.opened_run(settings, Quiet(), create=False) as run:
        chosen = None if direction is None else find_direction(run.catalogue, direction)
        if import_:
            _import(run, import_, chosen, judge_name, as_json)
        elif export:
            _export(run, export, chosen)
        elif listed:
            _list(run, chosen, as_json)
        elif chosen is None:
            raise SettingsError('name a direction to judge: "littriage directions list" shows all of them')
        elif undo:
            _undo(run, chosen, undo)
        else:
            papers = papers_to_judge(run, chosen, order, random=random, below=below, sample=sample, seed=seed)
            Session(run, chosen, papers).hold(keys())


def papers_to_judge(
    run: Run, direction: Direction, order: str, *, random: int | None, below: bool, sample: int, seed: int
) -> tuple[str, ...]:
    """The ids that are to be judged, in order. Raises EmptyWarehouse for a direction without hits."""
    from littriage.warehouse import judgements
    from littriage.warehouse.judgements import Order, Part

    if not judgements.hits(run.warehouse, direction.slug, seed):
        raise no_hits(run, direction)
    if not below:
        return judgements.to_judge(run.warehouse, direction.slug, Order(order), seed=seed, sample=random)
    judged = judgements.persons(run.warehouse, direction.slug)
    drawn = judgements.draws(run.warehouse, direction, seed=seed, sample=sample)
    refuse_undecided(run, direction, drawn[Part.ABOVE].papers + drawn[Part.BELOW].papers)
    return tuple(
        paper for part, one in drawn.items() if part is not Part.ABOVE for paper in one.drawn if paper not in judged
    )


def no_hits(run: Run, direction: Direction) -> EmptyWarehouse:
    """The error for a direction whose query matches no stored paper."""
    return EmptyWarehouse(
        f"no paper in {run.warehouse.path} matches the query of {direction.slug}: import or harvest papers, then "
        '"littriage embed" matches them; or judge another direction',
        direction=direction.slug,
    )


def refuse_undecided(run: Run, direction: Direction, decided: int) -> None:
    """Raises EmptyWarehouse where none of the hits has been decided."""
    if not decided:
        raise EmptyWarehouse(
            f"no hit of {direction.slug} in {run.warehouse.path} has been decided, so that there is no cut yet: "
            'run "littriage cluster" first',
            direction=direction.slug,
        )


# --- the loop ---------------------------------------------------------------------------------------------------


def keys() -> Iterator[str]:
    """What the judge enters: single keys of a terminal, else lines of standard input, to its end."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            yield line.strip()
        return
    while True:
        try:
            key = typer.getchar()
        except EOFError:
            return
        if key == "n":
            key = f"n {typer.prompt('note', default='', show_default=False)}"
        yield key


class Session:
    """One sitting of a judge: papers in order, keys, and a way back. Each judgement is committed at once."""

    def __init__(self, run: Run, direction: Direction, papers: Sequence[str]) -> None:
        self._run = run
        self._direction = direction
        self._papers = papers
        self._place = 0
        self._judged: list[tuple[int, Label | None]] = []
        """The places of the papers seen, with the label given; None: skipped."""
        self._note = ""

    def hold(self, entered: Iterator[str]) -> None:
        """Ask for one paper after the other until the keys or the papers end."""
        self._greet()
        self._show()
        while self._place < len(self._papers):
            key = next(entered, "q")
            if key.casefold() == "q":
                break
            self._take(key)
        self._say_goodbye()

    def _greet(self) -> None:
        direction = self._direction
        tables.print_line(f"{direction.name} ({direction.name_zh}): {direction.slug}")
        _print_wrapped(f"Scope: {direction.scope}")
        tables.print_line(f"{len(self._papers):,} papers to judge. Keys: {_KEY_LINE}")

    def _show(self) -> None:
        if self._place >= len(self._papers):
            return
        paper = self._paper()
        tables.print_line()
        _print_wrapped(f"[{self._place + 1}/{len(self._papers)}] {paper.title}")
        names = ", ".join(paper.authors[:6]) + (" and others" if len(paper.authors) > 6 else "")
        _print_wrapped(", ".join(part for part in (f"{paper.month:%Y-%m}", paper.paper_id, names) if part))
        _print_wrapped(paper.abstract or "(no abstract is stored)", indent=2)

    def _paper(self) -> PaperToJudge:
        from littriage.warehouse import judgements

        return judgements.paper_to_judge(self._run.warehouse, self._direction.slug, self._papers[self._place])

    def _take(self, key: str) -> None:
        first, _, rest = key.partition(" ")
        first = first.casefold()
        if first in _KEYS and not rest:
            self._give(_KEYS[first])
        elif first == "s" and not rest:
            self._go_on(None)
        elif first == "u" and not rest:
            self._undo()
        elif first == "n":
            self._note = clean(rest)
            tables.print_line("the note is kept with your judgement" if self._note else "no note")
        elif first in ("?", "h"):
            for line in _HELP:
                tables.print_line(line)
        elif key.strip():
            tables.print_line(f"{key[:20]!r} is no key: {_KEY_LINE}")

    def _give(self, label: Label) -> None:
        from littriage.warehouse import judgements
        from littriage.warehouse.judgements import Kept

        paper = self._paper()
        word = Judgement(paper.paper_id, self._direction.slug, label, note=self._note)
        kept = Kept(word, paper.text_hash, judgements.scope_hash(self._direction), self._run.now())
        judgements.store(self._run.warehouse, [kept])
        said = "" if paper.model_label is None else f", a language model {paper.model_label}"
        rule = "nothing yet" if paper.rule_probability is None else chance_text(paper.rule_probability)
        tables.print_line(f"{label}. The rule said {rule}{said}.")
        self._go_on(label)

    def _go_on(self, label: Label | None) -> None:
        self._judged.append((self._place, label))
        self._place, self._note = self._place + 1, ""
        self._show()

    def _undo(self) -> None:
        from littriage.warehouse import judgements

        if not self._judged:
            tables.print_line("nothing to undo in this sitting: --undo ID takes an older judgement back")
            return
        self._place, label = self._judged.pop()
        self._note = ""
        if label is not None:
            judgements.forget(self._run.warehouse, self._papers[self._place], self._direction.slug)
        tables.print_line("skipped, shown again" if label is None else f"{label} taken back")
        self._show()

    def _say_goodbye(self) -> None:
        given = Counter(label for _, label in self._judged if label is not None)
        counts = ", ".join(f"{given[label]} {label}" for label in Label)
        left = len(self._papers) - given.total()
        tables.print_line()
        tables.print_line(f"Judged {given.total()} ({counts}); {left:,} left.")
        if given:
            tables.print_line("They count from the next run on: littriage rank")


def _print_wrapped(text: str, indent: int = 0) -> None:
    columns = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)
    for line in wrapped(text, columns - indent):
        tables.print_line(line, indent)


def wrapped(text: str, columns: int) -> list[str]:
    """The text on lines of at most so many columns of a terminal, broken at spaces, and inside what has none."""
    lines, line, used = [], "", 0
    for word in clean(text).split(" "):
        size = tables.width(word)
        if line and used + 1 + size <= columns:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if line:
            lines.append(line)
        line, used = "", 0
        for sign in word:
            wide = tables.width(sign)
            if line and used + wide > columns:
                lines.append(line)
                line, used = "", 0
            line, used = line + sign, used + wide
    return [*lines, line] if line else lines


# --- what was judged --------------------------------------------------------------------------------------------


def _list(run: Run, direction: Direction | None, as_json: bool) -> None:
    from littriage.warehouse import judgements

    kept = [
        one
        for one in judgements.all_of(run.warehouse, direction.slug if direction else None)
        if one.judgement.judge == judgements.PERSON
    ]
    scopes = {one.slug: judgements.scope_hash(one) for one in run.catalogue.directions}
    if as_json:
        tables.print_json({"judgements": [_judgement_json(one, scopes) for one in kept]})
        return
    if not kept:
        tables.print_line("Nobody has judged anything here yet.")
        return
    tables.print_table(
        [Column(name) for name in ("direction", "paper", "label", "judged (UTC)", "mark", "note", "title")],
        [
            (
                one.judgement.direction, one.judgement.paper_id, one.judgement.label.value,
                f"{one.judged_at:%Y-%m-%d %H:%M}", ", ".join(_marks(one, scopes)), one.judgement.note, one.title or "-",
            )
            for one in kept
        ],
    )  # fmt: skip


def _marks(kept: Kept, scopes: Mapping[str, str]) -> list[str]:
    """What has changed since it was judged."""
    marks = {True: [], False: ["text changed"], None: ["no longer stored"]}[kept.same_text]
    scope = scopes.get(kept.judgement.direction)
    if scope is None:
        return [*marks, "unknown direction"]
    return marks if scope == kept.scope_hash else [*marks, "scope changed"]


def _judgement_json(kept: Kept, scopes: Mapping[str, str]) -> dict[str, Any]:
    said = kept.judgement
    return {
        "direction": said.direction,
        "paper": said.paper_id,
        "label": said.label.value,
        "judged_at": kept.judged_at.isoformat(),
        "marks": _marks(kept, scopes),
        "note": clean(said.note),
        "title": None if kept.title is None else clean(kept.title),
    }


def _undo(run: Run, direction: Direction, paper_id: str) -> None:
    from littriage.warehouse import judgements

    said = judgements.persons(run.warehouse, direction.slug).get(paper_id)
    if said is None:
        raise SettingsError(
            f'no person has judged {paper_id} for {direction.slug}: "littriage judge {direction.slug} --list" shows '
            "what was judged",
            paper=paper_id,
        )
    judgements.forget(run.warehouse, paper_id, direction.slug)
    tables.print_line(f"{paper_id}: {said.label} taken back")


# --- files ------------------------------------------------------------------------------------------------------


def _export(run: Run, target: Path, direction: Direction | None) -> None:
    """Persons' judgements in the format of the gold set, with the note as one column more."""
    from littriage.cli.exporting import csv_text, replacing
    from littriage.warehouse import judgements

    rows = sorted(
        (
            one.judgement.direction, one.judgement.paper_id, GOLD_LABELS[one.judgement.label],
            "strict" if one.is_hit else "random", one.title or "", one.judgement.note,
        )
        for one in judgements.all_of(run.warehouse, direction.slug if direction else None)
        if one.judgement.judge == judgements.PERSON
    )  # fmt: skip
    if not rows:
        raise EmptyWarehouse(f"no person has judged anything in {run.warehouse.path}: nothing was written")
    text = csv_text(("direction", "arxiv_id", "label", "pool", "title", "note"), rows)
    if str(target) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        return
    with replacing(target) as building:
        building.write_bytes(text.encode())
    tables.print_line(f"{len(rows):,} judgements written to {target}")


def _import(run: Run, source: Path, direction: Direction | None, judge: str, as_json: bool) -> None:
    """Store the judgements of a file on papers that are stored, and say what became of the others."""
    from littriage.evaluation import load_judgements
    from littriage.warehouse import judgements
    from littriage.warehouse.judgements import Kept

    given = load_judgements(source)
    labels = {number: label for label, number in GOLD_LABELS.items()}
    scopes = {one.slug: judgements.scope_hash(one) for one in run.catalogue.directions}
    asked = [id_ for one in given for id_ in (one.paper_id, one.paper_id.ljust(len("2103.00110"), "0"))]
    texts = judgements.stored_texts(run.warehouse, asked)
    ids = judgements.known_ids((one.paper_id for one in given), texts)
    notes = _notes(source)
    kept: list[Kept] = []
    left_out: Counter[str] = Counter()
    for one in given:
        if direction is not None and one.direction != direction.slug:
            left_out["another direction"] += 1
        elif one.direction not in scopes:
            left_out["unknown direction"] += 1
        elif one.paper_id not in ids:
            left_out["paper not stored"] += 1
        else:
            paper, note = ids[one.paper_id], notes.get((one.direction, one.paper_id), "")
            word = Judgement(paper, one.direction, labels[one.label], judge, note)
            kept.append(Kept(word, texts[paper], scopes[one.direction], run.now()))
    if not kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise EvaluationError(
            f"none of the {len(given)} judgements of {source} can be used ({reasons}): import the papers that were "
            "judged first, and give the directions that they were judged for",
            file=str(source),
        )
    judgements.store(run.warehouse, kept)
    if as_json:
        tables.print_json({"stored": len(kept), "left_out": dict(sorted(left_out.items()))})
        return
    tables.print_line(f"{len(kept):,} judgements stored, by {judge}")
    for reason, count in sorted(left_out.items()):
        tables.print_warning(f"{count:,} left out: {reason}")


def _notes(source: Path) -> dict[tuple[str, str], str]:
    """The notes of a judgement file that has them, by direction and id as the file writes them."""
    import csv

    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "note" not in (rows.fieldnames or ()):
            return {}
        return {(row["direction"].strip(), row["arxiv_id"].strip()): clean(row["note"] or "") for row in rows}
