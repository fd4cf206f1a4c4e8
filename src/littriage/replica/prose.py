"""Words for simulated papers: titles and abstracts put together from templates and a direction's own vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from littriage.model import Direction

MARKER = "Simulated abstract."


@dataclass(frozen=True, slots=True)
class Angle:
    """What makes one sub-topic's papers alike: the situation they are about and what they do in it."""

    title: str
    situation: str
    remedy: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What papers of one direction, or of one background subject, are about."""

    name: str
    scope: str
    groups: tuple[tuple[str, ...], ...]
    """A paper names one phrase of each."""
    details: tuple[str, ...]
    angles: tuple[Angle, ...]
    """One for each sub-topic."""


# --- topics -----------------------------------------------------------------------------------------------------

SUBTOPICS = 3

_ANGLES = (
    Angle(
        "on small devices",
        "battery and latency budgets are tight",
        "a schedule of cached partial results",
        "handheld devices",
    ),
    Angle(
        "for crop monitoring",
        "fields change with weather and season",
        "a calendar of growth stages",
        "farms in nine countries",
    ),
    Angle(
        "for library archives",
        "pages are faded and catalogues differ",
        "a curated index of holdings",
        "digitised archives",
    ),
    Angle(
        "with convergence bounds",
        "assumptions on smoothness fail",
        "a tighter stability argument",
        "synthetic instances with known constants",
    ),
    Angle(
        "with expert feedback",
        "experts disagree and their time is short",
        "a protocol that asks one question at a time",
        "sessions with trained experts",
    ),
    Angle(
        "under noisy sensors",
        "sensors drift and packets are lost",
        "a filter that tracks the drift",
        "recordings from worn instruments",
    ),
    Angle(
        "for long inputs",
        "inputs are far longer than those seen before",
        "a sliding memory of summaries",
        "inputs of growing length",
    ),
    Angle(
        "in hospital practice",
        "wards record the same visit differently",
        "a shared vocabulary of visits",
        "records of four hospitals",
    ),
    Angle(
        "with calibrated confidence",
        "confidence does not tell right from wrong",
        "a rescaling of scores on held-out folds",
        "held-out folds with known outcomes",
    ),
    Angle(
        "for coastal mapping", "tides and clouds hide the shoreline", "a prior on tides", "shorelines seen from orbit"
    ),
    Angle(
        "for school teaching",
        "pupils follow unlike paths through a course",
        "a map of exercises",
        "classrooms over two terms",
    ),
    Angle(
        "at warehouse scale",
        "stock moves while it is being counted",
        "a ledger of moves",
        "shelves of a busy warehouse",
    ),
)

_BACKGROUND = (
    ("decision tree ensembles", "splitting rules for tables with missing cells"),
    ("tennis match statistics", "predicting points from serve and rally records"),
    ("clock synchronisation in sensor fields", "agreeing on time with few messages"),
    ("railway timetable planning", "slack in timetables of crowded lines"),
    ("voting rules", "how ballots turn into seats"),
    ("bird song cataloguing", "telling species by their calls"),
    ("spreadsheet errors", "finding wrong formulas before they spread"),
    ("stock keeping with seasonal demand", "ordering ahead of holidays"),
    ("bicycle sharing", "moving bicycles between stations at night"),
    ("map labelling", "placing names on crowded maps"),
    ("chess endgame tables", "storing solved positions in little room"),
    ("handwriting of old ledgers", "reading sums in merchants' books"),
    ("elevator scheduling", "waiting times in tall buildings"),
    ("crossword construction", "filling grids under a theme"),
    ("tide tables", "fitting harmonic constants to short records"),
    ("music tempo tracking", "following a beat through pauses"),
    ("parking search", "guiding drivers to free places"),
    ("recipe collections", "finding dishes that share ingredients"),
    ("queueing in post offices", "opening counters when lines grow"),
    ("river gauges", "warning villages of floods"),
    ("genealogy records", "joining parish registers across borders"),
    ("wind farm upkeep", "ordering visits to turbines"),
)


def direction_topic(direction: Direction) -> Topic:
    """What the papers of a direction are about, from its query, scope and exemplars."""
    rng = Random(direction.slug)
    barred = [phrase.lower() for phrase in direction.query.none_of]

    def allowed(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if not any(word in text.lower() for word in barred))

    scope = direction.scope.split(". ")[0].rstrip(".")
    return Topic(
        name=re.sub(r"\s*\(.*?\)", "", direction.name),
        scope=_in_sentence(scope) if allowed((scope,)) else "",
        groups=tuple(allowed(group) for group in direction.query.all_of),
        details=allowed(_fragments(scope) + tuple(_pair(exemplar.title) for exemplar in direction.exemplars)),
        angles=tuple(rng.sample(_ANGLES, SUBTOPICS)),
    )


def background_topics() -> tuple[Topic, ...]:
    """Subjects that belong to no direction."""
    return tuple(
        Topic(name[0].upper() + name[1:], scope, ((name,),), (scope,), tuple(Random(name).sample(_ANGLES, SUBTOPICS)))
        for name, scope in _BACKGROUND
    )


def _in_sentence(text: str) -> str:
    """The text as the middle of a sentence: an acronym keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _fragments(scope: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split(r"[,;:()]|\band\b|\bor\b|\bthat\b", scope))
    return tuple(_in_sentence(part) for part in parts if 2 <= len(part.split()) <= 5)


def _pair(title: str) -> str:
    """Two neighbouring long words from the end of a title: a piece of vocabulary, not the title."""
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", title.split(":")[-1])
    pairs = [pair for pair in pairwise(words) if min(map(len, pair)) > 4]
    return " ".join(max(pairs, key=lambda pair: len("".join(pair)))).lower() if pairs and len(words) > 2 else ""


# --- papers -----------------------------------------------------------------------------------------------------

_TITLES = (
    "{method}: {phrases} {angle}",
    "{phrases} {angle}: {verb} {detail}",
    "{verb} {phrases} {angle}",
    "{verb} {detail} in {phrases} {angle}",
    "{phrase} {angle} with {method}",
)
_VERBS = ("Revisiting", "Rethinking", "Stabilising", "Explaining", "Measuring", "Scaling", "Tracing", "Simplifying")
_OPENINGS = (
    "We study {phrases} where {situation}.",
    "Work on {phrases} assumes that conditions stay put; yet {situation}.",
    "This paper is about {phrases} {angle}, a matter that has had little attention so far.",
    "In {phrases}, little is known of what happens when {situation}.",
)
_SCOPES = (
    "The question belongs to {name}, that is, {scope}.",
    "Seen from {name}, the matter is one of {scope}.",
    "What is at stake is {scope}.",
)
_METHODS = (
    "{method} adds {remedy} to {phrase}, so that {detail} can be handled in one pass.",
    "To that end {method} joins {phrase} and {remedy}, with {detail} kept apart.",
    "Our answer, {method}, rests on {remedy} and treats {detail} as part of {phrase}.",
    "{method} is a plain change to {phrase} in which {detail} becomes a separate step that can be checked.",
)
_ASIDES = (
    "Unlike papers about {phrases}, this one leaves that subject aside.",
    "A side remark compares the cost with that of {phrases}.",
)
_CLOSINGS = (
    "We close with failure cases on {evidence} and with what they teach.",
    "Trials on {evidence} show what it gains, and its limits are discussed.",
    "All runs on {evidence} were repeated five times, and the spread is given.",
)
_ODDITIES = (
    "{title} in $O(n \\log n)$ Steps",
    "{title}: une étude préliminaire",
    "{title} à la Schrödinger",
    "{title} and the $\\ell_{{2}}$ Norm",
    "\\emph{{Encore}}: {title}",
    "{title} – der Łódź–Tromsø-Fall",
)
_SYLLABLES = "ba ce do fi gu ha jo ki lu me no pra que ri so tu va wen xi yo za"
_FIRST = (
    "Aiko Amélie Andrzej Ângela Bao Beatriz Björn Carlos Chen Chloé Daniela Dmitri Elif Emeka Fatima Gábor Hana Ivan "
    "Jürgen Kwame Lakshmi Léa Li Maria Mei Nkechi Noël Olga Paweł Priya Rafael Søren Sofia Tomás Uri Wei Yusuf Zoë"
)
_LAST = (
    "Adeyemi Álvarez Andersson Banerjee Bianchi Castaño Chowdhury Dvořák Erdős Fernández Garcia Haddad Ivanova Jensen "
    "Kang Kowalski Lefèvre Liu Müller Nakamura Nguyễn O'Brien Okafor Öztürk Papadopoulos Petrov Rossi Sato Schröder "
    "Silva Škoda Sørensen Tanaka Törnqvist Wang Yılmaz Zhang Zieliński"
)


def authors(rng: Random) -> tuple[str, ...]:
    """One to six invented names."""
    names = {f"{rng.choice(_FIRST.split())} {rng.choice(_LAST.split())}": None for _ in range(rng.randint(1, 6))}
    return tuple(names)


def title_and_abstract(rng: Random, topic: Topic, aside: Topic | None = None) -> tuple[str, str]:
    """A paper about a topic, of one of its sub-topics; with `aside`, it mentions that topic's phrases in passing."""
    place = rng.randrange(len(topic.angles))
    angle = topic.angles[place]
    # A sub-topic keeps to one phrase and one detail of the topic, as far as there are enough of them.
    phrases = [group[place % len(group)] if rng.random() < 0.6 else rng.choice(group) for group in topic.groups]
    details = [detail for detail in topic.details if detail] or [topic.name.lower()]
    words = {
        "name": _in_sentence(topic.name),
        "scope": topic.scope,
        "phrase": phrases[0],
        "phrases": _listed(phrases),
        "detail": details[place % len(details)],
        "method": "".join(rng.choice(_SYLLABLES.split()) for _ in range(3)).capitalize(),
        "verb": rng.choice(_VERBS),
        "angle": angle.title,
        "situation": angle.situation,
        "remedy": angle.remedy,
        "evidence": angle.evidence,
    }
    title = rng.choice(_TITLES).format(**words)
    title = title[0].upper() + title[1:]
    if rng.random() < 0.03:
        title = rng.choice(_ODDITIES).format(title=title)
    patterns = [_OPENINGS, _SCOPES, _METHODS] if topic.scope else [_OPENINGS, _METHODS]
    sentences = [rng.choice(pattern).format(**words) for pattern in patterns]
    if aside:
        sentences.append(rng.choice(_ASIDES).format(phrases=_listed([rng.choice(group) for group in aside.groups])))
    return title, " ".join([*sentences, rng.choice(_CLOSINGS).format(**words), MARKER])


def _listed(phrases: Sequence[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
