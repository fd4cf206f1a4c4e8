"""What sets groups of papers apart, in words: class-based TF-IDF over words and adjacent pairs.

Pure: texts in, terms out. The same papers give the same terms in whatever order they come.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import log1p
from typing import Protocol

TERMS = 8
LABEL_TERMS = 3
UBIQUITOUS = 0.4
"""A term in more than this part of the papers outside a sub-topic does not set it apart."""
MOSTLY = 0.3
"""A word gives way to a pair with it that has at least this part of its papers."""
ALIKE = 6
"""Words with this many first letters in common say the same."""


class HasText(Protocol):
    """What is needed of a paper."""

    @property
    def title(self) -> str: ...

    @property
    def abstract(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """In how many papers of some wider collection each term occurs."""

    papers: int
    counts: Mapping[str, int]


def term_statistics(papers: Iterable[HasText]) -> TermStatistics:
    """In how many of the papers each term occurs, for `background`; terms of fewer than 3 papers are left out."""
    total, counts = 0, Counter[str]()
    for paper in papers:
        total += 1
        counts.update(_terms(paper).keys())
    return TermStatistics(total, {term: count for term, count in counts.items() if count > 2})


def label_of(terms: Sequence[str]) -> str:
    """The terms that stand for a cluster where it has no name."""
    return ", ".join(terms[:LABEL_TERMS])


def characteristic_terms(
    groups: Sequence[Sequence[HasText]], background: TermStatistics | None
) -> list[tuple[str, ...]]:
    """The terms that set each group apart, best first, by class-based TF-IDF: tf * log(1 + A / f).

    Grootendorst 2022, arXiv:2203.05794, counted in papers instead of occurrences, so that no wordy abstract names a
    cluster: tf is the part of the group's papers with the term, f all papers with it, A the papers of an average class.
    The background is one more class, as large as the average group, so that f knows what is common outside.
    """
    surfaces: dict[str, Counter[str]] = {}
    counts = [_count(group, surfaces) for group in groups]
    within = Counter[str]()
    for count in counts:  # a sum would copy all that went before, each time
        within.update(count)
    total = sum(len(group) for group in groups)
    average = total / len(groups)
    scale = average / background.papers if background and background.papers else 0.0
    outside = background.counts if background else {}

    named = []
    for group, count in zip(groups, counts, strict=True):
        scores = {
            term: papers / len(group) * log1p(average / (within[term] + scale * outside.get(term, 0)))
            for term, papers in count.items()
            if papers >= min(len(group), 2) and within[term] - papers <= UBIQUITOUS * (total - len(group))
        }
        ranked = sorted(scores, key=lambda term: (-scores[term], term))
        fuller = _fuller({term: count[term] for term in ranked})
        chosen = _distinct(fuller.get(term, term) for term in ranked)
        named.append(tuple(_usual(surfaces[term]) for term in chosen))
    return named


def _count(group: Sequence[HasText], surfaces: dict[str, Counter[str]]) -> Counter[str]:
    """In how many of the group's papers each term occurs; how it was written is added to `surfaces`."""
    count = Counter[str]()
    for paper in group:
        terms = _terms(paper)
        count.update(terms.keys())
        for term, surface in terms.items():
            surfaces.setdefault(term, Counter())[surface] += 1
    return count


def _usual(surface: Mapping[str, int]) -> str:
    """The most frequent spelling; of equally frequent ones rather one in lower case."""
    return max(surface, key=lambda spelling: (surface[spelling], spelling))


def _fuller(counts: Mapping[str, int]) -> dict[str, str]:
    """For a word that often stands in one pair, that pair, which reads better: `estimation`, `quality estimation`."""
    fuller: dict[str, str] = {}
    for pair in sorted((term for term in counts if " " in term), key=lambda term: (-counts[term], term)):
        for word in pair.split():
            if word in counts and counts[pair] >= MOSTLY * counts[word]:
                fuller.setdefault(word, pair)
    return fuller


def _distinct(ranked: Iterable[str]) -> list[str]:
    """The first few terms of which none says only what an earlier one says: `detection` after `object detector`."""
    chosen: dict[str, set[str]] = {}
    for term in ranked:
        said = {word[:ALIKE] for word in term.split()}
        if not any(said <= earlier or said >= earlier for earlier in chosen.values()):
            chosen[term] = said
            if len(chosen) == TERMS:
                break
    return list(chosen)


# --- terms ------------------------------------------------------------------------------------------------------

_LATEX = re.compile(r"\\[a-zA-Z]+|\\[\"'`^~=.]|[{}$]")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_BREAK = re.compile(r"[.,;:!?()\[\]\n\"]")


def _terms(paper: HasText) -> dict[str, str]:
    """Words and adjacent pairs of a paper: as compared -> as first written. Stop words and punctuation part a pair."""
    terms: dict[str, str] = {}
    # The abstract first: titles are often written With Capitals.
    for part in _BREAK.split(_LATEX.sub("", f"{paper.abstract or ''}\n{paper.title}")):
        last_key = last_word = ""
        for word in _WORD.findall(part):
            key = _key(word)
            if key:
                if key not in _HEADS:
                    terms.setdefault(key, word)
                if last_key and last_key != key and last_key not in _HEADS:
                    terms.setdefault(f"{last_key} {key}", f"{last_word} {word}")
            last_key, last_word = key, word
    return terms


@lru_cache(maxsize=1 << 17)
def _key(word: str) -> str:
    """A word as it is compared: lower case, hyphens as spaces, its end in the singular. Empty for a stop word."""
    word = word.lower().removesuffix("'s").removesuffix("’s")
    if len(word) < 2 or word.isdigit() or word in _stop_words():
        return ""
    word = word.replace("-", " ")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset({*ENGLISH_STOP_WORDS, *_BOILERPLATE.split()})


_HEADS = frozenset(
    {"algorithm", "analysis", "approach", "architecture", "data", "dataset", "framework", "function", "large"}
    | {"learning", "low", "method", "model", "network", "problem", "process", "representation", "set", "small"}
    | {"system", "task", "technique", "training"}
)
"""Too general to stand alone, but they may end a pair: `diffusion models`."""

_BOILERPLATE = """
abilities ability able according accuracy accurate achieve achieved achieves achieving additional additionally
address addressed addresses addressing aim aims allow allowing allows analyses analyze applied apply applying art
available based baseline baselines benchmark benchmarks best better called capable case cases challenge challenges
challenging code com comparable compare compared comparison competitive comprehensive conduct conducted consider
considered consists contribution contributions corresponding current currently demonstrate demonstrated demonstrates
demonstrating describe described despite develop developed different difficult directly easily effective effectively
effectiveness efficient efficiently empirical empirically enable enables enabling end especially evaluate evaluated
evaluating example examples existing experiment experimental experiments explore explored exploring extensive
feature features finally findings follow following furthermore future gap general generally github given good help
high higher highly however href http https idea important importantly improve improved improvement improvements
improves improving include includes including increase increasingly information inspired instead introduce
introduced introduces introducing investigate investigated issue issues known lack largely lead leads learn learned
leverage leverages leveraging limitation limitations limited lower main mainly make makes making methodology modeled
modeling modelling module modules moreover motivated named namely need needed new novel number obtain obtained offer
outperform outperforming outperforms overall paper papers particular particularly perform performance performed
performing performs possible potential practical present presented presents previous previously prior promising
propose proposed proposes proposing prove provide provided provides providing publicly real real-world recent
recently related released require required requires research respectively result resulting results scenario
scenarios setting settings shared showcase showed showing shown shows significant significantly similar simple
simply solution solutions solve solving specific specifically standard state-of-the-art strong studied studies study
substantial substantially success successful successfully suffer suffers suggest tackle test tested testing
theoretical time times train trained type types unlike url use used useful uses using utilize utilized utilizing
validate validated variety various version way ways wide widely work works world yield yields
"""
"""What papers of every direction say; sklearn's English stop words come on top."""
