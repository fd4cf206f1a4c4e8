"""The published file, read: everything that a user asks is answered from here, without the pipeline's weight.

DuckDB is imported when the file is opened, and numpy never, so that an answer takes a fraction of a second. The file
is put in place whole by the pipeline; a reader never waits for a writer.
"""

from __future__ import annotations

import difflib
import errno
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from littriage import crowding, resources
from littriage.briefs import split_ids
from littriage.clusters.lineage import EventKind
from littriage.errors import NoWarehouse, SchemaTooNew, SettingsError, UnknownDirection
from littriage.forecasts import Scored, State, forecast_of, outlook_of
from littriage.model import (
    Claim,
    FieldMonth,
    Growth,
    MonthStatus,
    Outlook,
    Stage,
    Stance,
    TrendPoint,
    Verdict,
    field_months_by_set,
)
from littriage.proportions import wilson
from littriage.venues import Sign, VenueChange, VenueOpinion, VenueYear
from littriage.verdicts import parse_reasons

if TYPE_CHECKING:
    import duckdb

READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""What a connection to a published file is opened with: nothing is fetched from anywhere."""


@dataclass(frozen=True, slots=True)
class About:
    """What the published file says of itself."""

    schema: int
    run: str
    as_of: date
    """The day that the verdicts were made for."""
    published_at: str
    last_month: date | None
    """The last complete month: what the answers speak of; None where no month is."""
    notice: str
    """What a reader must know before any figure, such as simulated data; empty where there is nothing."""
    stamps: tuple[tuple[str, str], ...]
    """Rules, models and tiers that made the figures, by name."""
    failures: int
    """Things that did not work in the run."""


@dataclass(frozen=True, slots=True)
class ThemeEntry:
    """A theme as it was when the file was published."""

    slug: str
    name: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A direction as it was when the file was published, with its verdict where it has one."""

    slug: str
    theme: str
    name: str
    name_zh: str
    scope: str
    category_set: str
    """Of its query."""
    field: str
    """The categories that its share is measured in: all of these, or one of them."""
    verdict: Verdict | None
    membership_rule: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not work in the published run."""

    stage: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Member:
    """A paper of a direction."""

    id: str
    title: str
    authors: tuple[str, ...]
    published: date
    probability: float
    """That the direction is the paper's main topic."""
    cluster: int | None
    link: str | None
    """Its page; None where the file carries a notice, since the id of a simulated paper leads to somebody else's."""


@dataclass(frozen=True, slots=True)
class Members:
    """Some of a direction's papers, and how many there are."""

    papers: tuple[Member, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ClusterEntry:
    """A sub-topic of a direction."""

    number: int
    label: str
    terms: tuple[str, ...]
    papers: int
    model: str
    name: str | None = None
    """Given by a language model and checked; None: the label stands."""
    name_zh: str | None = None
    named_by: str | None = None
    """The model that named it."""
    born_on: date | None = None
    """When its number was given, which it keeps; None in a file that an older littriage published."""


@dataclass(frozen=True, slots=True)
class ClusterVersion:
    """A version of a direction's sub-topics."""

    direction: str
    version: int
    made_on: date
    reason: str
    """first, asked, model, rule or taken over."""
    papers: int
    """That it was made of."""
    model: str
    rule: str
    assigned: int | None
    """Papers that are in its sub-topics now; None where it stands no more."""
    unassigned: int | None
    """Papers that are in none of them."""
    advice: str | None
    """unassigned or outgrown: why making them anew is advised; empty: it is not; None where it stands no more."""


@dataclass(frozen=True, slots=True)
class ClusterEventEntry:
    """What became of sub-topics of a direction."""

    version: int
    happened_on: date
    kind: EventKind
    old: tuple[int, ...]
    """Numbers in the version before."""
    new: tuple[int, ...]
    papers: tuple[int, ...]
    """That they share: of each pair, in the order of the longer list."""


@dataclass(frozen=True, slots=True)
class PaperLink:
    """A paper by its id."""

    id: str
    link: str | None
    """As `Member.link`."""


@dataclass(frozen=True, slots=True)
class BriefSentence:
    """One sentence of a brief, and the ids that it rests on."""

    text: str
    papers: tuple[PaperLink, ...]
    record: tuple[str, ...]
    """Figures of the record, as `record:<slug>@<day>#<figure>`."""


@dataclass(frozen=True, slots=True)
class BriefEntry:
    """What is said of a direction in a few sentences, in one language."""

    sentences: tuple[BriefSentence, ...]
    worded_by: str
    """The language model, or `template`."""
    dropped: tuple[tuple[str, int], ...]
    """Sentences of the model that failed a check: how many, by reason."""


@dataclass(frozen=True, slots=True)
class UnnamedCluster:
    """A cluster of the whole field that rises and that directions claim little of."""

    number: int
    label: str
    terms: tuple[str, ...]
    name: str | None
    name_zh: str | None
    category: str
    """That its share is measured in."""
    as_of: date
    stage: Stage
    growth: float
    """Log units a year; `growth_low` and `growth_high` are the ends of its 80% interval."""
    growth_low: float
    growth_high: float
    p_up: float
    papers_12m: float | None
    share_12m: float | None
    last_month: date | None
    papers: int
    """Ever, whatever their category."""
    recent: int
    """Of these, in the last 12 months."""
    claimed: int
    """Of the recent ones, members of any direction."""
    nearest: str | None
    """Slug of the direction whose papers are nearest."""
    nearest_cosine: float | None
    central: tuple[tuple[str, str], ...]
    """Id and title of recent papers, the nearest to the centre first."""
    draft: str | None
    """A direction as TOML, to be reviewed; None where no phrase finds its papers."""

    @property
    def claimed_share(self) -> float:
        """Part of the recent papers that directions claim."""
        return self.claimed / self.recent if self.recent else 0.0

    @property
    def claimed_interval(self) -> tuple[float, float]:
        """80% interval of that part, as of a sample of what the cluster will hold."""
        return wilson(self.claimed_share, self.recent) if self.recent else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Gap:
    """Months of a direction that are not comparable, and why."""

    first_month: date
    last_month: date
    status: MonthStatus
    reason: str


class Published:
    """An open published file. A context manager."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self.connection = connection
        self.about = self._about()

    @classmethod
    def open(cls, folder: Path) -> Published:
        """The published file of a warehouse folder.

        Raises NoWarehouse (not there, or not a published file that DuckDB can read) and SchemaTooNew (a newer littriage
        made it).
        """
        import duckdb

        path = folder / resources.PUBLISHED
        if not path.is_file():
            raise NoWarehouse(
                f'no published tables at {path}: run "littriage run" first, or pass --warehouse', path=str(path)
            )
        with _translated(path):
            connection = duckdb.connect(str(path), read_only=True, config=READ_ONLY)
            connection.execute("set enable_progress_bar = false")  # DuckDB would draw it into the answer
        try:
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Published:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def entries(self) -> tuple[Entry, ...]:
        """Every direction, by slug."""
        return tuple(_entry(row) for row in self._rows("read/published_entries"))

    def entry(self, name: str) -> Entry:
        """The direction of that slug, else of that English or Chinese name in any case.

        Raises UnknownDirection with near names.
        """
        entries = self.entries()
        wanted = name.casefold().strip()
        for matches in (
            [entry for entry in entries if entry.slug == wanted],
            [entry for entry in entries if wanted in (entry.name.casefold(), entry.name_zh.casefold())],
        ):
            if len(matches) == 1:
                return matches[0]
        known = {alias.casefold(): entry.slug for entry in entries for alias in (entry.slug, entry.name, entry.name_zh)}
        near = tuple(dict.fromkeys(known[alias] for alias in _near(wanted, known)))
        raise UnknownDirection(
            f'no direction called "{name}": {_meant(near)}"littriage directions list" shows all of them',
            name=name,
            suggestions=near,
        )

    def themes(self) -> tuple[ThemeEntry, ...]:
        """Every theme, by slug."""
        return tuple(ThemeEntry(*row) for row in self._rows("read/published_themes"))

    def theme(self, slug: str) -> ThemeEntry:
        """The theme of that slug.

        Raises SettingsError with near slugs.
        """
        themes = {theme.slug: theme for theme in self.themes()}
        if slug not in themes:
            near = _near(slug, themes) or sorted(themes)
            raise SettingsError(f'no theme called "{slug}": {_meant(near)}pass one of them', suggestions=tuple(near))
        return themes[slug]

    def slugs(self, start: str) -> list[str]:
        """Slugs of directions that begin so."""
        return [slug for (slug,) in self._rows("read/published_slugs", start=start)]

    def failures(self) -> tuple[Failure, ...]:
        """What did not work in the published run."""
        return tuple(Failure(*row) for row in self._rows("read/published_failures"))

    def trend(self, direction: str) -> tuple[TrendPoint, ...]:
        """The months of one direction, oldest first."""
        return tuple(_point(row) for row in self._rows("read/published_trend", direction=direction))

    def trends(self) -> dict[str, tuple[TrendPoint, ...]]:
        """The months of every direction, oldest first, by slug."""
        points: dict[str, list[TrendPoint]] = {entry.slug: [] for entry in self.entries()}
        for row in self._rows("read/published_trend", direction=None):
            points[row[0]].append(_point(row))
        return {slug: tuple(own) for slug, own in points.items()}

    def shares(self, last: date, step: int) -> dict[str, dict[date, float]]:
        """The 12-month share at `last` and every `step` months before, by slug and month; no value where the months
        are too few to tell."""
        shares: dict[str, dict[date, float]] = defaultdict(dict)
        for direction, month, share in self._rows("read/published_shares", last=last, step=step):
            shares[direction][month] = share
        return shares

    def clusters(self, direction: str) -> tuple[ClusterEntry, ...]:
        """The sub-topics of a direction, the largest first."""
        with _translated(self.path):
            result = self.connection.execute(resources.sql("read/published_clusters"), {"direction": direction})
            names = [column[0] for column in result.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return tuple(ClusterEntry(**{**row, "terms": tuple(row["terms"])}) for row in rows)

    def cluster_versions(self, direction: str | None = None) -> tuple[ClusterVersion, ...]:
        """The versions of the sub-topics of a direction, or of all, the oldest first.

        Raises NoWarehouse for a file that was published before versions were kept: publish it again.
        """
        return tuple(ClusterVersion(*row) for row in self._rows("read/published_cluster_sets", direction=direction))

    def cluster_events(self, direction: str) -> tuple[ClusterEventEntry, ...]:
        """What became of the sub-topics of a direction, the oldest first. Raises NoWarehouse as `cluster_versions`."""
        return tuple(
            ClusterEventEntry(version, on, EventKind(kind), tuple(old), tuple(new), tuple(papers))
            for version, on, kind, old, new, papers in self._rows("read/published_cluster_events", direction=direction)
        )

    def cluster_overlaps(self, direction: str) -> list[tuple[int, int | None, int | None, int]]:
        """(version, sub-topic of the version before, sub-topic, papers that they share); None: papers in none.

        Raises NoWarehouse as `cluster_versions`.
        """
        return self._rows("read/published_cluster_overlaps", direction=direction)

    def field_clusters(self) -> tuple[int, int]:
        """How many clusters the whole field has, and how many of them the months allow a verdict on.

        Raises NoWarehouse for a file that was published before they were kept: publish it again.
        """
        ((clusters, measurable),) = self._rows("read/published_field_clusters")
        return clusters, measurable

    def unnamed(self) -> tuple[UnnamedCluster, ...]:
        """The clusters of the whole field that rise and that directions claim little of, by the lower end of growth.

        Raises NoWarehouse as `field_clusters`.
        """
        return tuple(_unnamed(*row) for row in self._rows("read/published_unnamed"))

    def briefs(self, lang: str) -> dict[str, BriefEntry]:
        """The brief of every direction in that language, `en` or `zh`, by slug.

        Raises NoWarehouse for a file that was published before briefs were kept: publish it again.
        """
        rows = self._rows("read/published_briefs", direction=None, lang=lang)
        return {direction: self._brief(*row) for direction, *row in rows}

    def brief(self, direction: str, lang: str) -> BriefEntry | None:
        """The brief of one direction in that language, `en` or `zh`; None where it was published without one.

        Raises NoWarehouse for a file that was published before briefs were kept: publish it again.
        """
        rows = self._rows("read/published_briefs", direction=direction, lang=lang)
        return self._brief(*rows[0][1:]) if rows else None

    def papers(self, direction: str, limit: int, since: date | None = None, cluster: int | None = None) -> Members:
        """The newest papers of a direction, of one cluster or all, from the day `since` on."""
        return _members(
            self._rows("read/published_papers", direction=direction, limit=limit, since=since, cluster=cluster),
            linked=not self.about.notice,
        )

    def top_papers(self, direction: str, limit: int) -> Members:
        """The papers of a direction that most surely belong to it."""
        return _members(
            self._rows("read/published_top_papers", direction=direction, limit=limit), linked=not self.about.notice
        )

    def claims(self, entry: Entry | None = None) -> tuple[Claim, ...]:
        """What the documents say of the direction and of its theme, oldest first; None: of all of them."""
        subjects = None if entry is None else [entry.slug, entry.theme]
        with _translated(self.path):
            result = self.connection.execute(resources.sql("read/published_claims"), {"subjects": subjects})
            names = [column[0] for column in result.description or ()]
            return tuple(_claim(dict(zip(names, row, strict=True))) for row in result.fetchall())

    def hold(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows into the passing table of `warehouse/export/<table>_table.sql`, for `table` and `write_parquet`."""
        with _translated(self.path):
            self.connection.execute(resources.sql(f"export/{table}_table"))
            for row in rows:
                self.connection.execute(resources.sql(f"export/{table}_row"), row)

    def outlooks(self, direction: str | None = None) -> dict[str, tuple[Outlook, ...]]:
        """What is expected of one direction, or of each, by slug, the shortest horizon first.

        Raises NoWarehouse for a file that was published before outlooks were kept: publish it again.
        """
        found: dict[str, list[Outlook]] = defaultdict(list)
        for row in self._rows("read/outlooks", direction=direction):
            found[row[0]].append(outlook_of(row))
        return {slug: tuple(own) for slug, own in found.items()}

    def forecasts(self) -> tuple[Scored, ...]:
        """All that was ever expected and what became of it, in the order in which it was; those in hindsight too.

        Raises NoWarehouse for a file that was published before forecasts were kept: publish it again.
        """
        return tuple(_scored(row) for row in self._rows("read/published_forecasts"))

    def gaps(self, direction: str) -> tuple[Gap, ...]:
        """The months of a direction that are not comparable, oldest first."""
        rows = self._rows("read/published_gaps", direction=direction)
        return tuple(Gap(first, last, MonthStatus(status), reason) for first, last, status, reason in rows)

    def field_months(self, category_set: str | None = None) -> dict[str, tuple[FieldMonth, ...]]:
        """What each month of a set of categories is worth, oldest first, by set; None: every set that a share is of.

        Raises NoWarehouse for a file that was published before months were kept: publish it again.
        """
        return field_months_by_set(self._rows("read/published_field_months", category_set=category_set))

    def venue_opinion(self, direction: str) -> VenueOpinion | None:
        """What the titles of conference papers say of a direction; None where no conference papers were imported.

        Raises NoWarehouse for a file that was published before such opinions were kept: publish it again.
        """
        found = self._rows("read/published_venue_opinions", direction=direction)
        if not found:
            return None
        (_, last_year, sign, reason, papers) = found[0]
        changes = self._rows("read/published_venue_changes", direction=direction)
        years = self._rows("read/published_venue_years", direction=direction)
        return VenueOpinion(
            direction,
            last_year,
            Sign(sign),
            tuple(VenueChange(*change) for _, *change in changes),
            tuple(VenueYear(*year) for _, *year in years),
            reason,
            papers,
        )

    def signs(self, direction: str) -> tuple[crowding.Sign, ...]:
        """The signs of saturation that stand beside a direction's counts, in the order of their kinds.

        Raises NoWarehouse for a file that was published before signs were kept: publish it again.
        """
        found = [_sign(*row) for _, *row in self._rows("read/published_signs", direction=direction)]
        return tuple(sorted(found, key=lambda one: list(crowding.SignKind).index(one.kind)))

    def table(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of `warehouse/<name>.sql`."""
        with _translated(self.path):
            result = self.connection.execute(resources.sql(name))
            return [column[0] for column in result.description or ()], result.fetchall()

    def write_parquet(self, name: str, target: Path) -> None:
        """Write the rows of `warehouse/<name>.sql`; one thread, so that the same rows give the same bytes.

        Raises OSError where the target cannot be written.
        """
        import duckdb

        quoted = str(target).replace("'", "''")
        self.connection.execute("set threads = 1")
        try:
            self.connection.execute(f"copy ({resources.sql(name)}) to '{quoted}' (format parquet, compression zstd)")
        except duckdb.IOException as error:
            full = "No space left" in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error).splitlines()[0], str(target)) from error

    def _brief(self, sentences: list[str], ids: list[list[str]], worded_by: str, dropped: str | None) -> BriefEntry:
        told = []
        for text, own in zip(sentences, ids, strict=True):
            papers, record = split_ids(own)
            links = tuple(PaperLink(one, _link(one, linked=not self.about.notice)) for one in papers)
            told.append(BriefSentence(text, links, record))
        return BriefEntry(tuple(told), worded_by, tuple(json.loads(dropped or "{}").items()))

    def _rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with _translated(self.path):
            return self.connection.execute(resources.sql(name), parameters).fetchall()

    def _about(self) -> About:
        meta = dict(self._rows("read/published_meta"))
        try:
            schema = int(meta.pop("schema"))
            if schema > resources.PUBLISHED_SCHEMA:
                raise SchemaTooNew(
                    f"{self.path} has schema {schema}, this littriage reads up to {resources.PUBLISHED_SCHEMA}: "
                    "update littriage",
                    found=schema,
                    known=resources.PUBLISHED_SCHEMA,
                )
            return About(
                schema=schema,
                run=meta.pop("run"),
                as_of=date.fromisoformat(meta.pop("as_of")),
                published_at=meta.pop("published_at"),
                last_month=date.fromisoformat(last) if (last := meta.pop("last_month")) else None,
                notice=meta.pop("notice", ""),
                stamps=tuple(sorted(meta.items())),
                failures=len(self._rows("read/published_failures")),
            )
        except (KeyError, ValueError) as error:
            raise _unreadable(self.path, f"meta: {error}") from error


def _unreadable(path: Path, why: str) -> NoWarehouse:
    return NoWarehouse(
        f'{path} is not a published file that can be read ({why}): run "littriage run" to publish it again',
        path=str(path),
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """DuckDB's errors as one of ours: a reader can only publish again, whatever is wrong with the file."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise _unreadable(path, str(error).splitlines()[0]) from error


def _near(wanted: str, known: dict[str, Any]) -> list[str]:
    """Names that a mistyped one may have meant, the nearest first."""
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    return near + [name for name in known if len(wanted) > 2 and wanted in name and name not in near][: 5 - len(near)]


def _meant(near: Sequence[str]) -> str:
    return f"did you mean {', '.join(near)}? " if near else ""


def _entry(row: tuple[Any, ...]) -> Entry:
    slug, theme, name, name_zh, scope, category_set, field, *verdict, membership_rule = row
    return Entry(
        slug, theme, name, name_zh, scope, category_set, field,
        _verdict(slug, *verdict) if verdict[0] is not None else None, membership_rule,
    )  # fmt: skip


def _verdict(
    direction: str, as_of: date, stage: str, mean: float | None, low: float, high: float, p_up: float, p_down: float,
    p_flat: float, raw: float, raw_se: float, months: int, papers_12m: float | None, share_12m: float | None,
    exposure_12m: int | None, peak_ratio: float | None, peak_month: date | None, saturation: float | None,
    first_month: date | None, last_month: date | None, reasons: str, rule: str, flips: float | None,
    flips_to: str | None,
) -> Verdict:  # fmt: skip
    growth = None if mean is None else Growth(direction, mean, low, high, p_up, p_down, p_flat, raw, raw_se, months)
    return Verdict(
        as_of, direction, Stage(stage), growth, papers_12m, share_12m, exposure_12m, peak_ratio, peak_month,
        saturation, first_month, last_month, parse_reasons(reasons), rule, flips, Stage(flips_to) if flips_to else None,
    )  # fmt: skip


def _claim(row: dict[str, Any]) -> Claim:
    start, end = row.get("span_start"), row.get("span_end")
    return Claim(
        direction=row["subject"],
        document=row["document"],
        author=row["author"],
        date=row["date"],
        window=(row["first_month"], row["last_month"]),
        stance=Stance(row["stance"]),
        paraphrase=row["paraphrase"],
        locator=row["locator"],
        inferred=row["inferred"],
        repost_of=row["repost_of"],
        span=None if start is None or end is None else (start, end),
        paraphrase_zh=row.get("paraphrase_zh") or "",
    )


def _scored(row: tuple[Any, ...]) -> Scored:
    state, *outcome, changed = row[22:]
    became = (State(state), *outcome, tuple(changed))
    return Scored(forecast_of(row[:22]), *became)


def _unnamed(
    number: int,
    label: str,
    terms: list[str],
    name: str | None,
    name_zh: str | None,
    category: str,
    as_of: date,
    stage: str,
    *rest: Any,
) -> UnnamedCluster:
    *figures, central, titles, draft = rest
    papers = tuple(zip(central, titles, strict=True))
    first = (number, label, tuple(terms), name, name_zh, category, as_of, Stage(stage))
    values: list[Any] = [*first, *figures, papers, draft]
    return UnnamedCluster(*values)


def _point(row: tuple[Any, ...]) -> TrendPoint:
    direction, month, papers, members, exposure, status, reason, undecided = row
    return TrendPoint(direction, month, papers, members, exposure, MonthStatus(status), reason, undecided)


def _sign(
    kind: str, value: float | None, low: float | None, high: float | None, measured: float | None, base: float | None,
    n: int, coverage: float | None, lack: str | None, made_with: str,
) -> crowding.Sign:  # fmt: skip
    why = crowding.Lack(lack) if lack else None
    return crowding.Sign(
        crowding.SignKind(kind), value, low, high, measured, base, n, coverage, why, None, None, made_with
    )


def _link(paper_id: str, *, linked: bool) -> str | None:
    return f"https://arxiv.org/abs/{paper_id}" if linked else None


def _members(rows: list[tuple[Any, ...]], *, linked: bool) -> Members:
    papers = tuple(
        Member(
            paper_id,
            title,
            tuple(authors),
            published,
            probability,
            cluster,
            _link(paper_id, linked=linked),
        )
        for paper_id, title, authors, published, probability, cluster, _ in rows
    )
    return Members(papers, rows[0][-1] if rows else 0)
