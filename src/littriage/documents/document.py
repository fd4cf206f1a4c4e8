"""A file as a document: its text, where sections and their authors stand in it, and its day.

Nothing here asks a language model. Offsets count code points of `Document.text`; a span is (from, up to).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from littriage.documents.authors import AuthorLine, author_line, bare_name, promises_author
from littriage.documents.dates import Dated, dated_line, parse_day, relative_day
from littriage.documents.decoding import decode
from littriage.documents.markup import parse_page
from littriage.errors import DocumentError

SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
}
"""Files of a folder that are documents, and their formats."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file, decoded."""

    name: str
    """The file's name."""
    sha256: str
    """Of `text` in UTF-8, in hex: the same in whatever encoding the file came."""
    text: str
    """Without byte-order mark and HTML markup; every line ends with a line feed."""
    encoding: str
    format: str
    """text, markdown or html."""
    title: str
    """Empty where none is found."""
    day: str
    """When the document appeared: YYYY, YYYY-MM or YYYY-MM-DD; empty where it does not say."""
    day_basis: str
    """Where the day was found, as in `chars 210-226: "2021-04-23 03:08"`, or why there is none."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the reading, such as bytes that could not be decoded."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document with one author."""

    number: int
    """1 for the first."""
    start: int
    end: int
    author: str
    """Empty where the document names none."""
    author_span: tuple[int, int] | None = None
    url: str = ""
    heading: str = ""
    """The block's number or heading before the author line, as it stands."""
    day: str = ""
    """The section's own day, as narrow as it says; empty where it says none. A repost's day is the document's."""


# --- reading ----------------------------------------------------------------------------------------------------

_HTML = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype )?html\b", re.IGNORECASE)


def parse_document(content: bytes, name: str) -> Document:
    """The document that a file's bytes hold; the name decides between text, Markdown and HTML.

    A page that begins as HTML is HTML whatever its name. Raises DocumentError where there is no text, where it is
    binary, and where no encoding fits.
    """
    decoded = decode(content, name)
    form = SUFFIXES.get(Path(name).suffix.lower(), "text")
    if form == "text" and _HTML.match(decoded.text):
        form = "html"
    text, title, published, notes = decoded.text, "", ("", ""), decoded.notes
    if form == "html":
        page = parse_page(text)
        text, title, published = page.text, page.title, page.published
        notes += (page.complaint,) if page.complaint else ()
        if not text:
            raise DocumentError(f"{name} shows no text: its markup is empty or hidden", document=name)

    lines = _Lines(text)
    starts = _author_lines(lines)
    day, basis = _day(lines, starts, *published)
    return Document(
        name=name,
        sha256=hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest(),
        text=text,
        encoding=decoded.encoding,
        format=form,
        title=" ".join((title or _title(lines, starts, form)).split()),
        day=day,
        day_basis=basis,
        notes=notes,
    )


def load_documents(paths: Sequence[Path]) -> tuple[Document, ...]:
    """The documents of files and folders, by name; the same text twice is one document with a note.

    A folder is searched for *.txt, *.md, *.markdown, *.html and *.htm, hidden files left out. Files of the same name
    are told apart by their path. Raises DocumentError naming the path that is not there, cannot be read, or is no
    document.
    """
    files = dict.fromkeys(path for given in paths for path in _files(given))
    called: dict[str, list[Path]] = {}
    for path in files:
        called.setdefault(path.name, []).append(path)
    kept: dict[str, Document] = {}
    for path in sorted(files, key=lambda path: (path.name, path.as_posix())):
        name = path.name if len(called[path.name]) == 1 else path.as_posix()
        try:
            document = parse_document(path.read_bytes(), name)
        except OSError as error:
            raise DocumentError(f"{path} cannot be read: {error.strerror}", document=str(path)) from error
        except DocumentError as error:
            raise DocumentError(
                f"{path.parent.as_posix()}: {error}", **(error.parts | {"document": str(path)})
            ) from error
        same = kept.get(document.sha256)
        if same is None:
            kept[document.sha256] = document
        else:
            kept[document.sha256] = replace(same, notes=(*same.notes, f"{name} holds the same text"))
    return tuple(kept.values())


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = [
            one
            for one in sorted(path.rglob("*"))
            if one.suffix.lower() in SUFFIXES
            and one.is_file()
            and not any(part.startswith(".") for part in one.relative_to(path).parts)
        ]
        if not found:
            raise DocumentError(f"{path} holds no document: expected {', '.join(SUFFIXES)} files", document=str(path))
        yield from found
    elif path.exists():
        yield path
    else:
        raise DocumentError(f"there is no {path}: give a file or a folder with documents", document=str(path))


# --- lines ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    """Without the white space around it."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class _Lines:
    """The lines of a text that are not blank, with their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown: list[_Line] = []
        start = 0
        for line in text.split("\n"):
            stripped = line.strip(_BLANK)
            if stripped:
                self.shown.append(_Line(start + line.index(stripped[0]), stripped))
            start += len(line) + 1


_BLANK = " \t\f\v\xa0\u3000\u200b\u200c\u200d\u2060\ufeff"


# --- sections ---------------------------------------------------------------------------------------------------

_NUMBERED = re.compile(
    r"^[#*\s]*(?:0?\d{1,2}|[一二三四五六七八九十]{1,3}|(?:回答|答案|观点|Answer|Reply|Part|No\.)\s?[\d一二三四五六七八九十]{1,3})"
    r"[.、:：)）*\s]*$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^#{1,6}\s+\S")
_PAPER = re.compile(r"^[\W_]*(?:论文|会议|期刊|机构|单位|paper\b|arxiv\b|venue\b)", re.IGNORECASE)
"""A line about a paper: the authors named after it are the paper's."""
_END_MARK = re.compile(r"^[\W_]*(?:the\s+)?(?:end|全文完|完|正文完|结束)[\W_]*$", re.IGNORECASE)
_FOOTER = re.compile(r"^.{0,12}(?:交流群|社群|微信群).{0,6}(?:邀请函|邀请).{0,4}$")
_URL = re.compile(r"https?://[^\s<>\"'，。、；：！？（）()【】《》\]]+")
_METADATA = re.compile(
    r"^[\W_]*(?:(?:(?:来源|原文|原|问题|回答|文章)?(?:链接|地址)|来源|编辑|整理|排版|校对|声明|注|公众号|作者|答主|标题|标签)"
    r"(?:[^\w]|$)|来自|转自|摘自|主要内容来自|下面回答|著作权归|版权归|(?:发布|编辑|发表|更新)于|"
    r"(?:source|link|url|via|original|date|title|tags?|author|posted|published|updated|by|copyright|licen[sc]e)\b)|"
    r"^https?://",
    re.IGNORECASE,
)
_NO_NAME = (_METADATA, _NUMBERED, _HEADING, _END_MARK, _FOOTER)
_METADATA_LINES = 8
"""Lines after an author line in which its address and day are looked for."""
_TAIL_LINES = 4
_SAME_AUTHOR_WITHIN = 500
"""Characters within which a second line with the same author begins no new section."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a section begins: its first line among those shown, its author line, and its heading."""

    line: int
    said: int
    author: AuthorLine | None
    heading: str


def sections(document: Document) -> tuple[Section, ...]:
    """The parts of the text by author, in order: together they are the whole text, and no two overlap.

    A line that names an author begins a section, together with the block number or heading right before it. A line
    that lists the authors of the whole page begins none. Headings do not end a section; a mark such as "- END -" does,
    and what follows it has no author.
    """
    lines = _Lines(document.text)
    starts = _author_lines(lines)
    if not starts or starts[0].line > 0:
        starts = [_Start(0, 0, None, ""), *starts]
    bounds = [0, *(lines.shown[one.line].start for one in starts[1:]), len(document.text)]
    found = []
    for number, start in enumerate(starts, start=1):
        following = starts[number].line if number < len(starts) else len(lines.shown)
        own = lines.shown[start.said : following]
        author = start.author
        dated = _section_day(own, author) if author else None
        found.append(
            Section(
                number=number,
                start=bounds[number - 1],
                end=bounds[number],
                author=document.text[slice(*author.span)] if author else "",
                author_span=author.span if author else None,
                url=_section_url(own) if author else "",
                heading=start.heading,
                day=dated.day if dated else "",
            )
        )
    return tuple(found)


def _author_lines(lines: _Lines) -> list[_Start]:
    """Where sections begin, by the lines that name an author and the marks that end a text."""
    named: list[tuple[int, AuthorLine | None]] = []
    for number, line in enumerate(lines.shown):
        found = author_line(line.text, line.start)
        if found is None and promises_author(line.text) and number + 1 < len(lines.shown):
            following = lines.shown[number + 1]
            if not (author_line(following.text) or any(form.search(following.text) for form in _NO_NAME)):
                found = bare_name(following.text, following.start)
        if found and not (number and _PAPER.match(lines.shown[number - 1].text)):
            named.append((number, found))
        elif named and (_END_MARK.match(line.text) or _FOOTER.match(line.text)):
            named.append((number, None))

    alone = {one.names[0]: number for number, one in named if one and len(one.names) == 1}
    starts: list[_Start] = []
    for number, one in named:
        if one and len(one.names) > 1 and any(alone.get(name, 0) > number for name in one.names):
            continue  # the authors of the whole page, who follow one by one
        last = starts[-1] if starts else None
        if last and last.author is None and one is None:
            continue
        before = last.author if last else None
        if one and before and one.names == before.names and one.start - before.end < _SAME_AUTHOR_WITHIN:
            continue
        first, heading = number, ""
        if one:
            if _HEADING.match(lines.shown[number].text):
                heading = lines.shown[number].text
            elif number and _leads(lines.shown[number - 1].text) and (last is None or last.said < number - 1):
                first, heading = number - 1, lines.shown[number - 1].text
        starts.append(_Start(first, number, one, heading.strip("# *")))
    return starts


def _leads(line: str) -> bool:
    return bool(_NUMBERED.match(line) or _HEADING.match(line))


def _section_url(own: Sequence[_Line]) -> str:
    for number, line in enumerate(own[:_METADATA_LINES]):
        if number and not _METADATA.search(line.text):
            return ""
        if found := _URL.search(line.text):
            return found[0].rstrip(".,;:!?*_")
    return ""


def _section_day(own: Sequence[_Line], author: AuthorLine) -> Dated | None:
    """The day that a section gives beside its author's name, among the lines after it, or at its end."""
    if author.dated:
        return author.dated
    head = []
    for number, line in enumerate(own[1:_METADATA_LINES]):
        found = dated_line(line.text, line.start)
        if found:
            head.append(found)
        elif not _METADATA.search(line.text) and number:
            break
    tail = [found for line in own[_METADATA_LINES:][-_TAIL_LINES:] if (found := dated_line(line.text, line.start))]
    return next((one for one in (*head, *tail) if not one.edited), next(iter((*head, *tail)), None))


# --- day and title ----------------------------------------------------------------------------------------------

_OPENING = 1_500
"""Characters of a document in which its own day and title are looked for."""
_MOST_TITLE = 150


def _day(lines: _Lines, starts: Sequence[_Start], attribute: str, said: str) -> tuple[str, str]:
    """The document's day, and where it was found or why there is none."""
    if said and (day := parse_day(said)):
        return day, f'{attribute}: "{said.strip()}"'
    authored = [one for one in starts if one.author]
    # Of several answers each has its own day; the page's stands before the first one.
    until = len(lines.shown) if len(authored) < 2 else authored[0].line
    opening = [line for line in lines.shown[:until] if line.start < _OPENING]
    found = _first_dated(opening)
    if found is None and len(authored) < 2:
        found = _first_dated(lines.shown[-_TAIL_LINES:])
    if found:
        return found.day, f'chars {found.start}-{found.end}: "{lines.text[found.start : found.end]}"'
    for line in opening:
        if span := relative_day(line.text):
            start, end = line.start + span[0], line.start + span[1]
            return "", f'none: chars {start}-{end}, "{lines.text[start:end]}", counts back from a day that is not given'
    return "", "none: the text gives no date of its own"


def _first_dated(lines: Iterable[_Line]) -> Dated | None:
    found = [one for line in lines if (one := dated_line(line.text, line.start))]
    return next((one for one in found if not one.edited), next(iter(found), None))


def _title(lines: _Lines, starts: Sequence[_Start], form: str) -> str:
    """The first line that reads like a title: in Markdown the first heading or the title of the front matter."""
    if form == "markdown":
        for line in lines.shown:
            if _HEADING.match(line.text):
                return line.text.strip("# ")
            if line.start < _OPENING and (named := re.match(r"title:\s*(.+)$", line.text, re.IGNORECASE)):
                return named[1].strip("\"' ")
    until = starts[0].line if starts else len(lines.shown)
    for line in lines.shown[:until]:
        plain = not _METADATA.search(line.text) and "»" not in line.text and not relative_day(line.text)
        if plain and len(line.text) <= _MOST_TITLE and line.start < _OPENING and not dated_line(line.text):
            return line.text.strip("# ")
    return ""


# --- pieces -----------------------------------------------------------------------------------------------------

_CUTS = (re.compile(r"\n[^\S\n]*\n\s*"), re.compile(r"\n+"), re.compile(r"[。！？!?…]+[”」』)）]?|[.;；]\s+"))
"""Ends of a paragraph, of a line, of a sentence."""


def pieces(document: Document, section: Section, most_chars: int) -> tuple[tuple[int, int], ...]:
    """Spans of at most so many characters that make up the section, cut at ends of paragraphs where possible.

    Where the second half of a piece has no end of a paragraph, it is cut at the end of a line, else of a sentence, else
    anywhere. Each piece belongs to the section, and so to its author. Raises ValueError where `most_chars` is below 1.
    """
    if most_chars < 1:
        raise ValueError(f"a piece of at most {most_chars} characters holds no text: give 1 or more")
    spans = []
    start = section.start
    while section.end - start > most_chars:
        end = _cut(document.text, start, start + most_chars)
        spans.append((start, end))
        start = end
    if start < section.end:
        spans.append((start, section.end))
    return tuple(spans)


def _cut(text: str, start: int, limit: int) -> int:
    for cut in _CUTS:
        ends = [found.end() for found in cut.finditer(text, start + (limit - start) // 2, limit)]
        if ends:
            return ends[-1]
    return limit
