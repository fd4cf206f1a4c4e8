"""The text of a file's bytes: which encoding it is in, by what it declares and by what fits.

Tried in this order: a byte-order mark; the character set that an HTML page declares; UTF-8, strictly; GB18030,
strictly and only where the result looks like Chinese. What is left may be UTF-8 with a few broken bytes, and is refused
otherwise.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from littriage.errors import DocumentError

MOST_BYTES = 20_000_000
"""Of a file: a post of a few hundred pages with its markup."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 4_096
_READ_AS = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030",
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949",
}  # fmt: skip
"""Declared names whose wider relative browsers read (https://encoding.spec.whatwg.org/#names-and-labels)."""

_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "這個們來為國說時會對後過發還與從學現實無當動進種開關間題"
)
"""Among the most frequent Chinese characters of any running text, simplified and traditional."""
_FREQUENT_SHARE = 0.08
"""Running Chinese has 0.25 to 0.4; other double-byte encodings read as GB18030 have below 0.02."""
_RUNNING_TEXT = 60
"""Chinese characters from which on the frequent ones must show."""
_COMMON_SHARE = 0.8
_BROKEN_SHARE = 0.002
"""Of the characters: more broken ones and it is another encoding, not a damaged file."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, without byte-order mark and with line feeds."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode(content: bytes, name: str) -> Decoded:
    """The text of the bytes; `name` stands in messages.

    Raises DocumentError where the file is empty, too large or binary, and where no encoding fits.
    """
    if not content.strip():
        raise DocumentError(f"{name} is empty: give a file with text", document=name)
    if len(content) > MOST_BYTES:
        raise DocumentError(
            f"{name} has {len(content):,} bytes, more than {MOST_BYTES:,}: cut it into several files", document=name
        )
    decoded = _decoded(content, name)
    text = decoded.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DocumentError(f"{name} is empty: give a file with text", document=name)
    if len(_CONTROLS.findall(text)) > len(text) / 100:
        raise _binary(name, "every hundredth character or more is a control character")
    return Decoded(text, decoded.encoding, decoded.notes)


def _decoded(content: bytes, name: str) -> Decoded:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lenient(content[len(mark) :], encoding, name, ("its byte-order mark",))
    if b"\0" in content[:_DECLARED_WITHIN]:
        raise _binary(name, "it holds zero bytes, and no byte-order mark of UTF-16 or UTF-32")

    tried = []
    declared = _declared(content)
    for encoding in dict.fromkeys(one for one in (declared, "utf-8", "gb18030") if one):
        tried.append(encoding)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == declared or encoding == "utf-8" or _looks_chinese(text):
            return Decoded(text, encoding)
    return _lenient(content, declared or "utf-8", name, tried)


def _declared(content: bytes) -> str | None:
    """The character set that an HTML page declares, as Python calls it; None where there is none that it knows."""
    found = _DECLARED.search(content[:_DECLARED_WITHIN])
    if found is None:
        return None
    label = found[1].decode("ascii").lower()
    try:
        info = codecs.lookup(_READ_AS.get(label, label))
    except LookupError:
        return None
    # A page that says UTF-16 in ASCII letters is not in UTF-16; zip, rot13 and the like decode no text.
    return info.name if info._is_text_encoding and not info.name.startswith(("utf-16", "utf-32")) else None


def _looks_chinese(text: str) -> bool:
    """Whether a text that decodes as GB18030 is plausibly Chinese, not another encoding misread."""
    foreign = [char for char in text if char >= "\x80"]
    chinese = [char for char in foreign if "\u3400" <= char <= "\u9fff"]
    if len(chinese) >= _RUNNING_TEXT:
        return sum(char in _FREQUENT for char in chinese) >= _FREQUENT_SHARE * len(chinese)
    return bool(chinese) and sum(map(_is_common, foreign)) >= _COMMON_SHARE * len(foreign)


def _is_common(char: str) -> bool:
    """Whether GB 2312 has the character among its symbols (rows 1 to 3) or its more frequent half (rows 16 to 55)."""
    coded = char.encode("gb2312", errors="replace")
    return len(coded) == 2 and (0xA1 <= coded[0] <= 0xA3 or 0xB0 <= coded[0] <= 0xD7)


def _lenient(content: bytes, encoding: str, name: str, tried: list[str] | tuple[str, ...]) -> Decoded:
    """The text with broken bytes replaced, where they are few.

    Raises DocumentError where they are not.
    """
    text = content.decode(encoding, errors="replace")
    broken = text.count("\ufffd") - content.count("\ufffd".encode(encoding))
    if broken > max(1.0, _BROKEN_SHARE * len(text)):
        raise DocumentError(
            f"{name} is in no encoding that we know (tried {', '.join(tried)}): save it as UTF-8",
            document=name,
            tried=tuple(tried),
        )
    noted = () if broken <= 0 else (f"{broken} undecodable byte{'s' if broken > 1 else ''} replaced",)
    return Decoded(text, encoding, noted)


def _binary(name: str, reason: str) -> DocumentError:
    return DocumentError(f"{name} is not text, {reason}: give plain text, Markdown or HTML", document=name)
