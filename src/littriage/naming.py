"""Names of sub-topics in English and Chinese, asked of a language model and checked.

One question names all sub-topics of a direction, so that the names set them apart. A name is only what readers see: the
number of a sub-topic, its papers and its label of terms stay what they are. A sub-topic whose name fails a check shows
that label.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from littriage.model import Cluster, Direction
from littriage.ports import Prompt
from littriage.prompts import DATA_RULE, TITLE_CHARS, as_data, closed_object, quoted

TASK = "name"
VERSION = "1"
"""Of the instructions and the schema."""

MOST_EN_CHARS = 60
MOST_ZH_CHARS = 30
MOST_PAPERS = 6
"""Titles that are shown of each sub-topic, the nearest to its centre."""
_TOKENS_A_NAME = 80
"""Both names of one sub-topic as JSON, with room to spare."""

_INSTRUCTIONS = (
    "You name the sub-topics of one research direction for readers who look for papers. You get the direction and its "
    "sub-topics, each with a number, the terms that set it apart and the titles of its most central papers.\n"
    "Give each sub-topic a short name in English (two to six words, no sentence) and the same name in Simplified "
    "Chinese, with English abbreviations kept as they are. A name says what the papers of that sub-topic have in "
    "common and its siblings do not; it uses words of the terms or titles. No two names may say the same, and none may "
    "repeat the direction's name. Plain text: no quotes, markup, links or numbers of papers.\n" + DATA_RULE
)


def naming_prompt(
    direction: Direction, clusters: Sequence[Cluster], titles: Mapping[str, str], most_papers: int = MOST_PAPERS
) -> Prompt:
    """One question that asks for the names of all sub-topics of a direction.

    `titles` by paper id. A sub-topic is shown by its terms and the titles of its `most_papers` members nearest to its
    centre. Raises ValueError where there is no sub-topic to name.
    """
    if not clusters:
        raise ValueError(f"{direction.slug} has no sub-topics to name")
    data = {
        "direction": {"name": direction.name, "name_zh": direction.name_zh, "scope": direction.scope},
        "sub_topics": [
            {
                "number": cluster.number,
                "terms": [quoted(term, MOST_EN_CHARS) for term in cluster.terms],
                "titles": [quoted(title, TITLE_CHARS) for title in _central_titles(cluster, titles, most_papers)],
            }
            for cluster in clusters
        ],
    }
    return Prompt(
        TASK, VERSION, _INSTRUCTIONS, as_data(data), _schema(len(clusters)), max_tokens=_TOKENS_A_NAME * len(clusters)
    )


def _schema(sub_topics: int) -> dict[str, Any]:
    name = closed_object(
        number={"type": "integer"},
        en={"type": "string", "maxLength": MOST_EN_CHARS},
        zh={"type": "string", "maxLength": MOST_ZH_CHARS},
    )
    return closed_object(names={"type": "array", "items": name, "maxItems": sub_topics})


def _central_titles(cluster: Cluster, titles: Mapping[str, str], most: int) -> list[str]:
    return [titles[one.paper_id] for one in cluster.members[:most] if one.paper_id in titles]


# --- checks -----------------------------------------------------------------------------------------------------

Names = dict[int, tuple[str, str]]
"""Number of a sub-topic -> its English and its Chinese name."""


def checked_names(
    direction: Direction,
    clusters: Sequence[Cluster],
    titles: Mapping[str, str],
    value: Mapping[str, Any],
    most_papers: int = MOST_PAPERS,
    named: Names | None = None,
) -> tuple[Names, Mapping[str, int]]:
    """The names that pass every check, by number, and how many were dropped, by reason.

    `value` fits the schema of `naming_prompt`; `titles` and `most_papers` are those of the question. Checked are: the
    number is that of a sub-topic and stands once; both names are one short line of plain text, the English one in Latin
    letters, the Chinese one with Chinese; neither is the direction's own name; the English one shares a word with the
    terms or titles that were shown; no two sub-topics have the same name in either language, else both lose it. The
    names of those that are `named` stand, and are not given again.
    """
    standing = named or {}
    by_number = {cluster.number: cluster for cluster in clusters}
    given = [(one["number"], one["en"].strip(), one["zh"].strip()) for one in value["names"]]
    repeated = {number for number, count in Counter(number for number, _, _ in given).items() if count > 1}
    own = {_canonical(name) for name in (direction.name, direction.name_zh, *direction.aliases)}
    kept: Names = {}
    drops = Counter[str]()
    for number, en, zh in given:
        if number in standing:
            continue
        if number not in by_number:
            drops["no such sub-topic"] += 1
        elif number in repeated:
            drops["named twice"] += 1
        elif fault := _form_fault(en, zh):
            drops[fault] += 1
        elif {_canonical(en), _canonical(zh)} & own:
            drops["the direction's own name"] += 1
        elif not _supported(en, by_number[number], titles, most_papers):
            drops["no word of its papers"] += 1
        else:
            kept[number] = (en, zh)
    alike = _alike({**standing, **kept}) & kept.keys()
    drops.update({"same as a sibling": len(alike)} if alike else {})
    return {number: names for number, names in kept.items() if number not in alike}, dict(drops)


def _form_fault(en: str, zh: str) -> str | None:
    if not en or not zh:
        return "empty"
    if len(en) > MOST_EN_CHARS or len(zh) > MOST_ZH_CHARS:
        return "too long"
    if any(_hidden(char) for char in en + zh):
        return "control characters"
    if _LINK.search(en + " " + zh):
        return "a link"
    if _MARKUP.search(en + " " + zh):
        return "markup"
    if not any(char.isalpha() for char in en) or not all(_latin(char) for char in en if char.isalpha()):
        return "not in Latin letters"
    return None if _CHINESE.search(zh) else "no Chinese"


_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_LINK = re.compile(r"://|\bwww\.|\b[a-z0-9-]+\.(?:com|org|net|io|cn|edu)\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>`*_#{}\[\]\\|~$^]|&\w+;")


def _hidden(char: str) -> bool:
    """Whether a reader cannot see the character, or it breaks the line."""
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")


def _latin(char: str) -> bool:
    return "LATIN" in unicodedata.name(char, "")


def _canonical(name: str) -> str:
    """A form in which two names that say the same are equal: case, order, plurals and punctuation make no difference.

    Chinese does not part its words: its signs are compared in their order.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", name).casefold())
    if _CHINESE.search(name):
        return "".join(words).replace("的", "")
    return " ".join(sorted({_stem(word) for word in words} - _LINKING))


def _alike(names: Names) -> set[int]:
    """The numbers whose English or Chinese name another sub-topic has too."""
    found: set[int] = set()
    for place in (0, 1):
        numbers: dict[str, list[int]] = {}
        for number, both in names.items():
            numbers.setdefault(_canonical(both[place]), []).append(number)
        found |= {number for same in numbers.values() if len(same) > 1 for number in same}
    return found


def _supported(en: str, cluster: Cluster, titles: Mapping[str, str], most_papers: int) -> bool:
    shown = _content([*cluster.terms, *_central_titles(cluster, titles, most_papers)])
    return bool(_content([en]) & shown)


_WORD = re.compile(r"[^\W_]+")
_LINKING = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "using", "via", "with"}
)
_GENERAL = _LINKING | frozenset(
    {"algorithm", "analysis", "approach", "architecture", "based", "data", "dataset", "deep", "efficient", "framework"}
    | {"general", "improved", "large", "learning", "method", "model", "modeling", "network", "neural", "new", "novel"}
    | {"other", "problem", "research", "study", "system", "task", "technique", "topic", "training"}
)
"""Words that any name could share with any title."""
_STEM_CHARS = 6
"""As `clusters.terms.ALIKE`: words with this many first letters in common say the same."""


def _stem(word: str) -> str:
    """The word in the singular: `surveys` and `survey` are one."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _content(texts: Iterable[str]) -> set[str]:
    """The first letters of the words that say what a text is about."""
    words = (_stem(word) for text in texts for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
    return {word[:_STEM_CHARS] for word in words if len(word) > 1 and not word.isdigit() and word not in _GENERAL}
