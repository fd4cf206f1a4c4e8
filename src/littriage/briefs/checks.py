"""A worded brief against the facts, sentence by sentence: what cannot be verified is dropped, and counted by reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from littriage.briefs.figures import STAGE_KEY, Facts, KeyPaper, topic_of
from littriage.briefs.reading import (
    TAKEN_OUT,
    TITLE_OUT,
    contradicts,
    forecasts,
    hidden,
    in_language,
    links,
    marked_up,
    number_word,
    numbers_in,
    plain,
    without_fixed,
)
from littriage.verdicts import Language, reason_text

MOST_SENTENCES = 5
MOST_CHARS: Mapping[Language, int] = {"en": 280, "zh": 140}
"""Of a sentence, quoted titles not counted."""

_RUN = 5
"""Words in a row that two texts do not share by chance: so many of a title, without its quotes, are refused."""


class Fault(StrEnum):
    """Why a sentence is dropped."""

    EMPTY = "empty"
    LONG = "too long"
    HIDDEN = "control characters"
    NO_ID = "no id"
    UNKNOWN_ID = "an id that is not in the facts"
    UNNAMED_PAPER = "a paper that the sentence does not name"
    TITLE = "a title that is not that of its papers"
    AUTHOR = "an author who is not the first of its papers"
    TOPIC = "a sub-topic that the sentence does not name"
    NUMBER = "a number that is not the figure"
    NUMBER_WORD = "a number in words"
    STAGE = "another stage"
    FORECAST = "a forecast"
    LINK = "a link"
    MARKUP = "markup"
    LANGUAGE = "the wrong language"
    REPEATED = "said before"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a brief, and what it rests on."""

    text: str
    papers: tuple[str, ...] = ()
    """Ids of the papers that it names."""
    figures: tuple[str, ...] = ()
    """Keys of the figures in it, each as often as it stands there; and `stage` where it names the stage."""

    def ids(self, facts: Facts) -> tuple[str, ...]:
        """The papers, and the record's figures as `record:<slug>@<day>#<key>`: what is stored with the sentence."""
        return (*self.papers, *(facts.record_id(key) for key in self.figures))


def split_ids(ids: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The papers among the ids of a sentence, and its ids of the record."""
    record = tuple(one for one in ids if one.startswith("record:"))
    return tuple(one for one in ids if not one.startswith("record:")), record


def checked(facts: Facts, value: Mapping[str, Any], lang: Language) -> tuple[tuple[Sentence, ...], Mapping[str, int]]:
    """The sentences that pass every check, in their order, and how many were dropped, by reason.

    `value` fits the schema of `brief_prompt`.
    """
    kept: dict[str, Sentence] = {}
    drops = Counter[str]()
    for one in value["sentences"]:
        papers = tuple(dict.fromkeys(one["papers"]))
        sentence = Sentence(one["text"].strip(), papers, tuple(one["figures"]))
        wrong = fault(facts, sentence, lang)
        if wrong is None and plain(sentence.text).casefold() in kept:
            wrong = Fault.REPEATED
        if wrong:
            drops[wrong.value] += 1
        else:
            kept[plain(sentence.text).casefold()] = sentence
    return tuple(kept.values()), dict(drops)


def fault(facts: Facts, sentence: Sentence, lang: Language) -> Fault | None:
    """The first thing that is wrong with a sentence; None where everything that code can verify is right.

    Whatever single digit, whatever id and whatever word of a title is altered in a sentence without fault, it has one.
    """
    text = plain(sentence.text)
    if hidden(sentence.text):
        return Fault.HIDDEN
    if not text:
        return Fault.EMPTY
    if not sentence.papers and not sentence.figures:
        return Fault.NO_ID
    known = {paper.id: paper for paper in facts.papers}
    if not set(sentence.papers) <= known.keys() or not set(sentence.figures) <= facts.texts.keys():
        return Fault.UNKNOWN_ID
    draft = _Draft(facts, lang, text, tuple(known[one] for one in sentence.papers), sentence.figures, text)
    return (
        draft.take_titles()
        or draft.fault_in_length()
        or draft.take_ids()
        or draft.take_names()
        or draft.take_authors()
        or draft.fault_in_links()
        or draft.fault_in_papers()
        or draft.fault_in_numbers()
        or draft.fault_in_words()
    )


@dataclass
class _Draft:
    """A sentence under check: what has been recognised is taken out of `text` step by step."""

    facts: Facts
    lang: Language
    text: str
    papers: tuple[KeyPaper, ...]
    figures: tuple[str, ...]
    whole: str
    """The sentence as it was."""
    named: set[str] = field(default_factory=set)
    """Ids of papers that the sentence names beyond doubt."""
    numbers: Counter[str] = field(default_factory=Counter)
    """Numbers of names that were taken out: they count like all others."""

    # --- what is recognised ---

    def take_titles(self) -> Fault | None:
        """Quoted titles: each is that of one given paper and stands once; one that is quoted asks for all of them."""
        found: set[str] = set()
        for form, paper in self._given_titles():
            pattern = re.compile(rf'" ?{re.escape(form)} ?[.,]? ?"', re.IGNORECASE)
            # Twice the same title can be a title changed into another.
            if len(pattern.findall(self.text)) > 1:
                return Fault.TITLE
            self.text, hits = pattern.subn(TITLE_OUT, self.text)
            if hits and paper.id in found:
                return Fault.TITLE
            if hits:
                found.add(paper.id)
                self.named |= {paper.id} if self._titles()[form.casefold()] == 1 else set()
        return Fault.TITLE if found and len(found) < len(self.papers) else None

    def _given_titles(self) -> list[tuple[str, KeyPaper]]:
        pairs = {(form, paper) for paper in self.papers for form in _forms(paper.title)}
        return sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0], pair[1].id))

    def _titles(self) -> Counter[str]:
        """How many papers of the facts have each form of a title."""
        return Counter(form.casefold() for paper in self.facts.papers for form in set(_forms(paper.title)))

    def take_ids(self) -> Fault | None:
        """Ids and links to them: if the text tells one, it tells each given one, once."""
        told: list[str] = []

        def taken(match: re.Match[str]) -> str:
            told.append(match["id"])
            return TAKEN_OUT

        for one in sorted((paper.id for paper in self.facts.papers), key=len, reverse=True):
            self.text = _id_pattern(re.escape(one)).sub(taken, self.text)
        if _id_pattern(_ANY_ID).search(self.text):
            return Fault.UNKNOWN_ID
        if told and sorted(told) != sorted(paper.id for paper in self.papers):
            return Fault.UNKNOWN_ID
        self.named |= set(told)
        return None

    def take_names(self) -> Fault | None:
        """Names of the direction and of the sub-topics whose figures are given: the words of a name state nothing."""
        declared = {number for key in self.figures if (number := topic_of(key)) is not None}
        topics = {plain(one.shown(self.lang)) for one in self.facts.topics if one.number in declared}
        names = {plain(self.facts.name), plain(self.facts.name_zh)} | topics
        wanted, found = {name.casefold() for name in topics}, set[str]()
        for name in sorted(names - {""}, key=lambda name: (-len(name), name)):
            pattern = re.compile(rf'"{re.escape(name)}"|{_bounded(name)}', re.IGNORECASE)
            self.text, hits = pattern.subn(TAKEN_OUT, self.text)
            if hits and name.casefold() in wanted:
                found.add(name.casefold())
                for value, count in numbers_in(name).items():
                    self.numbers[value] += hits * count
        if not wanted <= found:
            return Fault.TOPIC
        return Fault.TITLE if '"' in self.text or self._has_title_words() else None

    def _has_title_words(self) -> bool:
        """Whether so many words of a title stand in the text without quotes, where a changed one would not be seen."""
        runs = {run for paper in self.facts.papers for run in _runs(paper.title)}
        return not runs.isdisjoint(_runs(self.text))

    def take_authors(self) -> Fault | None:
        """First authors of given papers; anybody else who is called an author is none of theirs."""
        for paper in sorted(self.papers, key=lambda one: -len(one.first_author)):
            name = plain(paper.first_author)
            if name and (hits := re.subn(_bounded(name), TAKEN_OUT, self.text))[1]:
                self.text = hits[0]
                self.named |= self._only_by(name)
        for pattern in _AUTHORS:
            for match in list(pattern.finditer(self.text)):
                if fault := self._take_author(match["name"]):
                    return fault
        for paper in self.facts.papers:
            name = plain(paper.first_author)
            if " " in name and re.search(_bounded(name), self.text):
                return Fault.AUTHOR
        return None

    def _take_author(self, written: str) -> Fault | None:
        words = [word for word in written.split() if word not in _NO_NAME]
        if not words or set(written) <= {TAKEN_OUT, " "}:
            return None
        given = [paper for paper in self.papers if _is_name_of(words, paper)]
        if not given:
            return Fault.AUTHOR
        self.named |= self._only_by(" ".join(words))
        self.text = self.text.replace(" ".join(words), TAKEN_OUT)
        return None

    def _only_by(self, name: str) -> set[str]:
        """The paper whose first author that is, where there is just one."""
        found = {paper.id for paper in self.facts.papers if _is_name_of(name.split(), paper)}
        return found if len(found) == 1 else set()

    # --- what is wrong ---

    def fault_in_length(self) -> Fault | None:
        """Its length without quoted titles."""
        return Fault.LONG if len(self.text) > MOST_CHARS[self.lang] else None

    def fault_in_links(self) -> Fault | None:
        """Addresses other than the pages of given papers."""
        return Fault.LINK if links(self.text) else None

    def fault_in_papers(self) -> Fault | None:
        """Every given paper is named by title, id or first author, and by one that no other paper has."""
        given = {paper.id for paper in self.papers}
        months = {key.partition(".")[2] for key in self.figures if key.startswith("published.")}
        return None if given <= self.named and months <= given else Fault.UNNAMED_PAPER

    def fault_in_numbers(self) -> Fault | None:
        """The numbers of the text are those of the given figures, each as often: no digit can change."""
        texts = self.facts.texts
        wanted = Counter[str]()
        for key in self.figures:
            wanted.update(numbers_in(plain(texts[key])))
        for number in {number for key in self.figures if (number := topic_of(key)) is not None}:
            topic = next(one for one in self.facts.topics if one.number == number)
            wanted.update(numbers_in(plain(topic.shown(self.lang))))
        self.text = without_fixed(self.text)
        if wanted != self.numbers + numbers_in(self.text):
            return Fault.NUMBER
        return Fault.NUMBER_WORD if number_word(self.text, self.lang) else None

    def fault_in_words(self) -> Fault | None:
        """What the rest says of stage and future, its form, its language, its length."""
        facts = self.facts
        # In the whole sentence: a direction's name can hold its stage's word.
        if STAGE_KEY in self.figures and facts.stage_text(self.lang).casefold() not in self.whole.casefold():
            return Fault.STAGE
        reasons = [reason_text(reason, self.lang) for reason in facts.reasons]
        if contradicts(self.text, facts.stage, facts.growing, reasons):
            return Fault.STAGE
        if forecasts(self.text):
            return Fault.FORECAST
        if marked_up(self.text):
            return Fault.MARKUP
        return None if in_language(self.text, self.lang) else Fault.LANGUAGE


# --- titles, ids and names --------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")
_SHORT_TITLE_WORDS = 2
"""Words that the part of a title before its colon needs to stand for the whole."""


def _forms(title: str) -> tuple[str, ...]:
    """The title as it may be quoted: as a whole, or its part before the colon."""
    whole = plain(title).rstrip(" .")
    short = whole.partition(": ")[0].strip()
    return (whole, short) if short != whole and len(_WORD.findall(short)) >= _SHORT_TITLE_WORDS else (whole,)


def _runs(text: str) -> set[tuple[str, ...]]:
    """Every stretch of five words, in lower case."""
    parts = [_WORD.findall(part) for part in re.split(f"[{TAKEN_OUT}{TITLE_OUT}]", plain(text).casefold())]
    return {tuple(words[start : start + _RUN]) for words in parts for start in range(len(words) - _RUN + 1)}


_ANY_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"


def _id_pattern(one: str) -> re.Pattern[str]:
    """That id, bare, after `arXiv:` or as the address of its page, and nothing longer."""
    return re.compile(
        rf"(?:https?://arxiv\.org/abs/|\barXiv: ?|(?<![A-Za-z0-9./:-]))(?P<id>{one})(?![A-Za-z0-9/-])(?!\.\d)"
    )


def _bounded(name: str) -> str:
    """A pattern of the name that does not match inside a longer Latin word or number."""
    start = r"(?<![A-Za-z0-9])" if name[0].isascii() and name[0].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if name[-1].isascii() and name[-1].isalnum() else ""
    return f"{start}{re.escape(name)}{end}"


_NAME_WORD = rf"(?:[^\W\d_a-z\u3000-\u9fff][\w.'-]*|{TAKEN_OUT}|de|da|di|du|van|von|der|den|la|le|el|al|bin|ibn)"
_NAME = rf"(?P<name>{_NAME_WORD}(?: {_NAME_WORD})*)"
_FOREIGN_WORD = '[^\\W\\d_\u3000-\u9fff][^\\s\u3000-\u9fff"(),:;]*'
_FOREIGN = f"(?P<name>{_FOREIGN_WORD}(?: {_FOREIGN_WORD})*)"
"""A name in letters, within Chinese."""
_AUTHORS = (
    re.compile(rf"{_NAME},? et ?al\b"),
    re.compile(rf"{_NAME}(?:'s?)?,? and (?:colleagues|co-?workers|co-?authors|others)\b"),
    re.compile(rf"\b[Bb]y (?P<name>{_NAME_WORD}(?: {_NAME_WORD})+)"),
    re.compile(rf"{TITLE_OUT} ?\({_NAME} ?[,;)]"),
    re.compile(rf'{_FOREIGN} ?等(?:人|[("]|提出|发表|研究|指出)'),
    re.compile(rf"{TITLE_OUT} ?\({_FOREIGN} ?(?:等 ?)?[,;)]"),
    re.compile("(?P<name>[\u4e00-\u9fff]{2,4})等人"),
    re.compile(rf"{TITLE_OUT} ?\((?P<name>[\u4e00-\u9fff]{{2,4}}?) ?等?[,;)]"),
)
"""Ways in which a sentence calls somebody an author."""
_NO_NAME = frozenset(
    {TAKEN_OUT, "And", "By", "From", "In", "Newest", "New", "Recent", "Recently", "The", "While", "With"}
)


def _is_name_of(words: Sequence[str], paper: KeyPaper) -> bool:
    """Whether the words are the end of the first author's name: all of it, or the family name."""
    name = [word.casefold() for word in plain(paper.first_author).split()]
    return bool(words) and [word.casefold() for word in words] == name[-len(words) :]
