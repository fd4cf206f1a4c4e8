"""Directions and claims as TOML: drafts for a person to review, and what is accepted into a catalogue.

What is written here reads back as the same value (`directions.parse_direction`, `directions.parse_claims`). A file that
a person has written keeps every byte: claims are appended to it, and nothing is overwritten.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from littriage.directions import load_catalogue, parse_claims, parse_direction
from littriage.errors import DirectionError, SettingsError
from littriage.model import Catalogue, Claim, Direction, Exemplar, Query

CLAIMS = "claims.toml"
"""Claims on known directions, among the drafts."""
NO_THEME = "new"
"""The folder of drafts that nobody has given a theme."""

_LINE = 118


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A new direction as it would stand in its file."""

    theme: str
    """NO_THEME: not given yet."""
    slug: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing drafts."""

    written: tuple[Path, ...]
    """Made now, or appended to."""
    unchanged: tuple[Path, ...]
    """Held the same already."""
    kept: tuple[Path, ...]
    """Hold something else, and were left as they are."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of accepting drafts into a catalogue."""

    files: tuple[Path, ...]
    """Made or appended to."""
    directions: tuple[str, ...]
    """Slugs of the new ones."""
    claims: int
    """Added, those of new directions included."""
    known: int
    """Claims that stood there already."""


# --- values as TOML ---------------------------------------------------------------------------------------------


def direction_toml(direction: Direction, comments: Sequence[str] = ()) -> str:
    """A direction's file, which `parse_direction` reads as the same direction; `comments` stand above it."""
    lines = [f"# {_plain(comment)}".rstrip() for comment in comments]
    lines += [
        f"name = {_string(direction.name)}",
        f"name_zh = {_string(direction.name_zh)}",
        *([f"aliases = {_list(direction.aliases)}"] if direction.aliases else []),
        f"scope = {_string(direction.scope)}",
        "",
        *_query_lines(direction.query),
    ]
    blocks = [*map(_exemplar_block, direction.exemplars), *map(claim_block, direction.claims)]
    return "\n\n".join(["\n".join(lines), *blocks]) + "\n"


def claim_block(claim: Claim, *, with_direction: bool = False) -> str:
    """The table of one claim, without a line feed at its end."""
    first, last = claim.window
    lines = ["[[claims]]"]
    if with_direction:
        lines.append(f"direction = {_string(claim.direction)}")
    lines += [
        f"document = {_string(claim.document)}",
        f"author = {_string(claim.author)}",
        f"date = {_string(claim.date)}",
        f"window = {_list((first, last))}",
        f"stance = {_string(claim.stance.value)}",
        f"paraphrase = {_string(claim.paraphrase)}",
    ]
    if claim.paraphrase_zh:
        lines.append(f"paraphrase_zh = {_string(claim.paraphrase_zh)}")
    lines.append(f"locator = {_string(claim.locator)}")
    if claim.span is not None:
        lines.append(f"span = [{claim.span[0]}, {claim.span[1]}]")
    if claim.inferred:
        lines.append("inferred = true")
    if claim.repost_of is not None:
        lines.append(f"repost_of = {_string(claim.repost_of)}")
    return "\n".join(lines)


def _exemplar_block(exemplar: Exemplar) -> str:
    lines = ["[[exemplars]]"]
    if exemplar.arxiv_id is not None:
        lines.append(f"id = {_string(exemplar.arxiv_id)}")
    lines += [f"title = {_string(exemplar.title)}", f"year = {exemplar.year}"]
    if not exemplar.checked:
        lines.append("checked = false")
    return "\n".join(lines)


def _query_lines(query: Query) -> list[str]:
    lines = ["[query]"]
    if query.categories:
        lines.append(f"categories = {_list(query.categories)}")
    lines += ["all_of = [", *(f"  {_list(group)}," for group in query.all_of), "]"]
    if query.none_of:
        lines.append(f"none_of = {_list(query.none_of)}")
    return lines


def _list(texts: Iterable[str]) -> str:
    quoted = ", ".join(f'"{_escaped(text)}"' for text in texts)
    return f"[{quoted}]"


def _string(text: str) -> str:
    """A TOML string; a long one on several lines, broken where a space stands."""
    if len(text) <= _LINE - 30:
        return f'"{_escaped(text)}"'
    lines = textwrap.wrap(_escaped(text), _LINE, break_long_words=False, break_on_hyphens=False)
    return '"""\n' + "\n".join(lines) + '"""'


def _escaped(text: str) -> str:
    """The text as it stands between quotation marks (https://toml.io/en/v1.0.0#string)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(f"\\u{ord(char):04X}" if ord(char) < 32 or ord(char) == 127 else char for char in escaped)


def _plain(comment: str) -> str:
    return "".join(char if char.isprintable() else " " for char in comment)


# --- drafts -----------------------------------------------------------------------------------------------------


def write_drafts(folder: Path, drafts: Sequence[DraftFile], claims: Sequence[Claim]) -> Written:
    """Write drafts for review: `<theme>/<slug>.toml` for each direction, and the claims into `claims.toml`.

    A draft that is there and differs is kept, because a person may have changed it. Claims are appended to those that
    stand there already. Raises SettingsError where nothing can be written, DirectionError for a broken claims file.
    """
    written: list[Path] = []
    unchanged: list[Path] = []
    kept: list[Path] = []
    for draft in drafts:
        path = folder / draft.theme / f"{draft.slug}.toml"
        if not path.exists():
            _write(path, draft.text.encode())
            written.append(path)
        else:
            (unchanged if path.read_bytes() == draft.text.encode() else kept).append(path)
    if claims:
        path = folder / CLAIMS
        there = path.read_bytes() if path.exists() else b""
        known = parse_claims(_decoded(there, path), where=path.name) if there else ()
        new = [claim for claim in claims if not any(_same(claim, one) for one in known)]
        if new:
            _write(path, _appended(there, [claim_block(claim, with_direction=True) for claim in new]))
        (written if new else unchanged).append(path)
    return Written(tuple(written), tuple(unchanged), tuple(kept))


def read_drafts(folder: Path, theme: str | None = None) -> tuple[tuple[DraftFile, ...], tuple[Claim, ...]]:
    """The drafts in a folder as they stand there now; `theme` is given to those that have none.

    Raises SettingsError where there are none, DirectionError naming every problem of every file.
    """
    drafts: list[DraftFile] = []
    problems: list[str] = []
    claims: tuple[Claim, ...] = ()
    for path in sorted(folder.glob("*/*.toml")):
        name = path.parent.name
        draft = DraftFile(theme if theme and name == NO_THEME else name, path.stem, _decoded(path.read_bytes(), path))
        try:
            parse_direction(draft.text, slug=draft.slug, theme=draft.theme, where=str(path))
        except DirectionError as error:
            problems.extend(error.problems)
        drafts.append(draft)
    path = folder / CLAIMS
    if path.exists():
        try:
            claims = parse_claims(_decoded(path.read_bytes(), path), where=str(path))
        except DirectionError as error:
            problems.extend(error.problems)
    if problems:
        raise DirectionError("\n".join(problems), problems=tuple(problems))
    if not drafts and not claims:
        raise SettingsError(
            f'no drafts in {folder}: "littriage read FILE..." writes them, --out names another folder', path=str(folder)
        )
    return tuple(drafts), claims


# --- accepting --------------------------------------------------------------------------------------------------


def accept(folder: Path, drafts: Sequence[DraftFile], claims: Sequence[Claim]) -> Accepted:
    """Write new directions and claims into a catalogue's folder, all or nothing, each once.

    New directions get a file in the folder of their theme; claims are appended to the files of their directions, the
    rest of which stays as it is. The whole catalogue is loaded from a copy first. Raises DirectionError where it does
    not load, before or after, and SettingsError for a theme that has no folder.
    """
    catalogue = load_catalogue(folder)
    places = _files(catalogue, folder)
    changed: dict[Path, bytes] = {}
    added = known = 0
    made: list[str] = []
    more = list(claims)
    for draft in drafts:
        direction = parse_direction(draft.text, slug=draft.slug, theme=draft.theme, where=f"{draft.slug}.toml")
        if draft.slug in places:
            more.extend(direction.claims)
            continue
        if not (folder / draft.theme / "_theme.toml").is_file():
            raise SettingsError(
                f"{draft.slug}: the catalogue in {folder} has no theme {draft.theme}: pass --theme with one of "
                f"{', '.join(theme.slug for theme in catalogue.themes)}",
                direction=draft.slug,
            )
        changed[folder / draft.theme / f"{draft.slug}.toml"] = draft.text.encode()
        made.append(draft.slug)
        added += len(direction.claims)
    for slug, path, already in _by_direction(catalogue, places, more):
        here = [claim for claim in more if claim.direction == slug]
        new: list[Claim] = []
        for claim in here:
            if not any(_same(claim, one) for one in (*already, *new)):
                new.append(claim)
        added += len(new)
        known += len(here) - len(new)
        if new:
            changed[path] = _appended(path.read_bytes(), [claim_block(claim) for claim in new])
    if changed:
        _prove(folder, changed)
        for path, content in changed.items():
            _write(path, content)
    return Accepted(tuple(sorted(changed)), tuple(sorted(made)), added, known)


def _files(catalogue: Catalogue, folder: Path) -> dict[str, Path]:
    """Where each direction and each theme stands."""
    return {
        **{theme.slug: folder / theme.slug / "_theme.toml" for theme in catalogue.themes},
        **{one.slug: folder / one.theme / f"{one.slug}.toml" for one in catalogue.directions},
    }


def _by_direction(
    catalogue: Catalogue, places: Mapping[str, Path], claims: Sequence[Claim]
) -> list[tuple[str, Path, tuple[Claim, ...]]]:
    """(slug, file, claims that stand there) of every direction or theme that a claim is about."""
    standing = {theme.slug: theme.claims for theme in catalogue.themes}
    standing |= {one.slug: one.claims for one in catalogue.directions}
    wanted = sorted({claim.direction for claim in claims})
    if missing := [slug for slug in wanted if slug not in standing]:
        raise DirectionError(
            f"{CLAIMS}: direction: found {', '.join(missing)}, expected a direction or a theme of the catalogue; "
            "mend the file or leave those claims out; nothing was written"
        )
    return [(slug, places[slug], standing[slug]) for slug in wanted]


def _same(one: Claim, other: Claim) -> bool:
    """Whether two claims are the same statement at the same place."""
    if (one.direction, one.document, one.stance) != (other.direction, other.document, other.stance):
        return False
    return one.locator == other.locator or (one.span is not None and one.span == other.span)


def _appended(content: bytes, blocks: Sequence[str]) -> bytes:
    """The file with the blocks at its end, in its own kind of line ends."""
    text = "\n\n".join(blocks) + "\n"
    if b"\r\n" in content:
        text = text.replace("\n", "\r\n")
    end = b"\r\n" if b"\r\n" in content else b"\n"
    gap = b"" if not content.strip() else end if content.endswith(b"\n") else end + end
    return content + gap + text.encode()


def _prove(folder: Path, changed: Mapping[Path, bytes]) -> None:
    """Load a copy of the catalogue with the changes. Raises DirectionError: nothing was written."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "queries"
        for path in folder.glob("*/*.toml"):
            target = copy / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
        for path, content in changed.items():
            (copy / path.relative_to(folder)).write_bytes(content)
        try:
            load_catalogue(copy)
        except DirectionError as error:
            problems = tuple(error.problems)
            raise DirectionError(
                "\n".join([*problems, "the catalogue would not load any more: nothing was written"]), problems=problems
            ) from error


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole. Raises SettingsError where that cannot be done."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}; mend that, or name another folder", path=str(path)
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"{path}: file: found {error}, expected readable UTF-8 text"
        raise DirectionError(problem, problems=(problem,)) from error
