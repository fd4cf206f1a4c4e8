"""The brief that needs no language model: the record's facts in a few fixed sentences, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from littriage.briefs.checks import MOST_CHARS, Sentence, fault
from littriage.briefs.figures import STAGE_KEY, WITHOUT_GROWTH, Facts, KeyPaper, SubTopic, gaining, reason_key
from littriage.briefs.reading import plain
from littriage.model import Reason
from littriage.verdicts import Language, reason_text

WORDED_FROM_TEMPLATE = "template"
"""What stands for the model where no model worded the sentences."""

_MOST_PAPERS = 2
_MOST_TOPICS = 3

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "stage": {"en": "{name}: {stage}{up_to}", "zh": "{name}：{stage}{up_to}"},
    "up_to": {"en": ", from months up to {month}", "zh": "（依据到 {month} 为止的月份）"},
    "growth": {
        "en": "; its share changes by {mean} a year (80% interval: {low} to {high}).",
        "zh": "；其份额每年变化 {mean}（80% 区间：{low} 至 {high}）。",
    },
    "no_growth": {"en": "; how its share changes is not known.", "zh": "；份额如何变化尚不可知。"},
    "year": {
        "en": "In the last 12 months: {papers} papers, {share} of the {exposure} of its field",
        "zh": "最近 12 个月：{papers} 篇论文，占所在领域 {exposure} 篇的 {share}",
    },
    "peak": {
        "en": "; its 12-month share is at {ratio} of its peak ({month}).",
        "zh": "；其 12 个月份额为峰值的 {ratio}（{month}）。",
    },
    "end": {"en": ".", "zh": "。"},
    "between": {"en": "; ", "zh": "；"},
    "why": {"en": "Why: {reasons}.", "zh": "依据：{reasons}。"},
    "lacking": {"en": "What is lacking: {reasons}.", "zh": "欠缺：{reasons}。"},
    "central": {"en": "New and central: {papers}.", "zh": "新近的核心论文：{papers}。"},
    "newest": {"en": "Newest: {papers}.", "zh": "最新论文：{papers}。"},
    "by_one": {"en": '"{title}" ({author}, {month})', "zh": "《{title}》（{author}，{month}）"},
    "by_many": {"en": '"{title}" ({author} et al., {month})', "zh": "《{title}》（{author} 等，{month}）"},
    "by_nobody": {"en": '"{title}" ({month})', "zh": "《{title}》（{month}）"},
    "id": {"en": "{id} ({month})", "zh": "{id}（{month}）"},
    "gaining": {
        "en": "Sub-topics with a larger part of the papers of the last 12 months than before: {topics}.",
        "zh": "在最近 12 个月论文中占比高于此前的子课题：{topics}。",
    },
    "gained": {"en": "{name} ({part}, before {before})", "zh": "{name}（{part}，此前 {before}）"},
    "largest": {
        "en": "Sub-topics with most papers of the last 12 months: {topics}; none has a clear gain.",
        "zh": "最近 12 个月论文最多的子课题：{topics}；没有哪个的占比明显高于此前。",
    },
    "of_topic": {"en": "{name} ({papers})", "zh": "{name}（{papers} 篇）"},
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a sentence, and what it rests on."""

    text: str
    figures: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()


def template(facts: Facts, lang: Language) -> tuple[Sentence, ...]:
    """At most five sentences: stage and growth, the last 12 months, why or what is lacking, new papers, sub-topics.

    What is not known is left out or said; each sentence passes the checks that a model's sentences pass.
    """
    sentences = (
        _stage(facts, lang),
        _year(facts, lang),
        _why(facts, lang),
        _new_papers(facts, lang),
        _sub_topics(facts, lang),
    )
    return tuple(one for one in sentences if one is not None)


def _say(lang: Language, key: str, **parts: str) -> str:
    return _TEXTS[key][lang].format(**parts)


def _sentence(*parts: _Part) -> Sentence:
    return Sentence(
        "".join(part.text for part in parts),
        tuple(paper for part in parts for paper in part.papers),
        tuple(key for part in parts for key in part.figures),
    )


def _stage(facts: Facts, lang: Language) -> Sentence:
    texts = facts.texts
    months = ("last_month",) if "last_month" in texts else ()
    up_to = _say(lang, "up_to", month=texts["last_month"]) if months else ""
    name, stage = facts.shown(lang), facts.stage_text(lang)
    head = _Part(_say(lang, "stage", name=name, stage=stage, up_to=up_to), (STAGE_KEY, *months))
    if "growth" not in texts:
        return _sentence(head, _Part(_say(lang, "no_growth")))
    growth = _say(lang, "growth", mean=texts["growth"], low=texts["growth_low"], high=texts["growth_high"])
    return _sentence(head, _Part(growth, ("growth", "growth_low", "growth_high")))


def _year(facts: Facts, lang: Language) -> Sentence | None:
    texts = facts.texts
    keys = ("papers_12m", "share_12m", "exposure_12m")
    if not texts.keys() >= set(keys):
        return None
    papers, share, exposure = (texts[key] for key in keys)
    year = _Part(_say(lang, "year", papers=papers, share=share, exposure=exposure), keys)
    if "peak_ratio" not in texts:
        return _sentence(year, _Part(_say(lang, "end")))
    peak = _say(lang, "peak", ratio=texts["peak_ratio"], month=texts["peak_month"])
    return _sentence(year, _Part(peak, ("peak_ratio", "peak_month")))


_TOLD = frozenset({"growth", "peak", "papers_12m"})
"""Reasons that the first two sentences tell already."""


def _why(facts: Facts, lang: Language) -> Sentence | None:
    """The reasons, as many as fit: what decided comes first."""
    lacking = facts.stage in WITHOUT_GROWTH
    parts = [_reason(facts, reason, lang) for reason in facts.reasons if reason.code not in _TOLD]
    return _list(lang, "lacking" if lacking else "why", "reasons", parts)


def _reason(facts: Facts, reason: Reason, lang: Language) -> _Part:
    keys = (reason_key(reason.code, name) for name, _ in reason.parts)
    return _Part(reason_text(reason, lang), tuple(key for key in keys if key in facts.texts))


def _list(lang: Language, key: str, of: str, parts: Sequence[_Part]) -> Sentence | None:
    """The sentence with as many of its parts, from the first on, as its length allows; None where not one fits."""
    for count in range(len(parts), 0, -1):
        told = parts[:count]
        text = _say(lang, key, **{of: _say(lang, "between").join(part.text for part in told)})
        if len(plain(text)) <= MOST_CHARS[lang]:
            figures = tuple(key for part in told for key in part.figures)
            return Sentence(text, tuple(paper for part in told for paper in part.papers), figures)
    return None


# --- papers and sub-topics --------------------------------------------------------------------------------------


def _new_papers(facts: Facts, lang: Language) -> Sentence | None:
    """The newest of the central papers of the last 12 months, or else the newest paper.

    Papers that cannot be told apart by title, such as two of the same title, are told by id.
    """
    newest = sorted(facts.papers, key=lambda one: (one.published, one.id), reverse=True)
    central = [one for one in newest if one.central]
    chosen = central[:_MOST_PAPERS] or newest[:1]
    return next((one for one in _tellings(facts, "central" if central else "newest", chosen, lang)), None)


def _tellings(facts: Facts, key: str, papers: Sequence[KeyPaper], lang: Language) -> Iterator[Sentence]:
    """Ways to tell of the papers that pass the checks, the best first: by title, fewer of them, by id."""
    ways: tuple[Callable[[KeyPaper], str], ...] = (lambda one: _by_title(one, lang), lambda one: _by_id(one, lang))
    for way in ways:
        for count in range(len(papers), 0, -1):
            told = papers[:count]
            text = _say(lang, key, papers=_say(lang, "between").join(way(one) for one in told))
            ids = tuple(one.id for one in told)
            sentence = Sentence(text, ids, tuple(f"published.{one}" for one in ids))
            if fault(facts, sentence, lang) is None:
                yield sentence


def _by_title(paper: KeyPaper, lang: Language) -> str:
    kind = "by_nobody" if not paper.first_author else "by_one" if paper.authors == 1 else "by_many"
    return _say(lang, kind, title=paper.title, author=paper.first_author, month=paper.month)


def _by_id(paper: KeyPaper, lang: Language) -> str:
    return _say(lang, "id", id=paper.id, month=paper.month)


def _sub_topics(facts: Facts, lang: Language) -> Sentence | None:
    """Those that gain; or the largest of late, where none does. A single sub-topic is the direction itself."""
    if len(facts.topics) < 2 or not any(one.recent for one in facts.topics):
        return None
    if gained := gaining(facts.topics)[:_MOST_TOPICS]:
        return _list(lang, "gaining", "topics", [_gained(facts, one, lang) for one in gained])
    largest = sorted((one for one in facts.topics if one.recent), key=lambda one: (-one.recent, one.number))
    return _list(lang, "largest", "topics", [_of_topic(facts, one, lang) for one in largest[:_MOST_TOPICS]])


def _gained(facts: Facts, topic: SubTopic, lang: Language) -> _Part:
    part, before = f"topic.{topic.number}.part", f"topic.{topic.number}.before"
    text = _say(lang, "gained", name=topic.shown(lang), part=facts.texts[part], before=facts.texts[before])
    return _Part(text, (part, before))


def _of_topic(facts: Facts, topic: SubTopic, lang: Language) -> _Part:
    recent = f"topic.{topic.number}.recent"
    return _Part(_say(lang, "of_topic", name=topic.shown(lang), papers=facts.texts[recent]), (recent,))
