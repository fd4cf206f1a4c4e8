"""The question that asks a language model to word a brief from the facts."""

from __future__ import annotations

from typing import Any

from littriage.briefs.checks import MOST_CHARS, MOST_SENTENCES
from littriage.briefs.figures import WITHOUT_GROWTH, Facts
from littriage.ports import Prompt
from littriage.prompts import DATA_RULE, as_data, closed_object
from littriage.verdicts import Language, reason_text

TASK = "brief"
VERSION = "1"
"""Of the instructions and the schema."""

_SCHEMA_CHARS = 600
"""Of a sentence with the titles in it, which do not count towards its length."""
_MOST_FIGURES = 12
_MOST_PAPERS = 4
_MAX_TOKENS = 1_500

_LANGUAGES = {"en": "English", "zh": "Simplified Chinese"}


def brief_prompt(facts: Facts, lang: Language) -> Prompt:
    """The question: all facts as JSON, every figure as it may be printed.

    Answered with sentences, each with the ids of the papers and the keys of the figures that it rests on. The day of
    the verdict is not part of it, so that a run with nothing new asks nothing new.
    """
    return Prompt(TASK, VERSION, _instructions(lang), as_data(_data(facts, lang)), _schema(facts), _MAX_TOKENS)


def worth_wording(facts: Facts) -> bool:
    """Whether there is more to say than what is lacking: a verdict, and a paper to name."""
    return facts.stage is not None and facts.stage not in WITHOUT_GROWTH and bool(facts.papers)


def _instructions(lang: Language) -> str:
    return (
        f"You word a brief on one research direction in {_LANGUAGES[lang]}, in at most {MOST_SENTENCES} short, plain "
        f"sentences of at most {MOST_CHARS[lang]} characters each (quoted titles not counted): what is new, why the "
        "stage is what it is, which papers, which sub-topics, and what is not known. Use nothing but the facts given.\n"
        "Each sentence is checked by a program and dropped where it breaks a rule:\n"
        "- It lists in `papers` the id of every paper that it names, and names each by its title, as given, in "
        'quotation marks ("..." or 《...》). If it quotes one title, it quotes those of all its papers. Nothing else '
        "stands in quotation marks. An author may be named only as the first author of a paper listed.\n"
        "- It lists in `figures` the key of every number in it, as often as the number stands there, and writes the "
        "number exactly as given, with its sign; a month as given, such as 2025-06. No other digits, no numbers in "
        "words. Only the phrases `last 12 months`, `12-month share` and `80% interval` (最近 12 个月, 12 个月份额, "
        "80% 区间) need no key.\n"
        "- With a figure of a sub-topic it tells the sub-topic's name as given.\n"
        "- It lists at least one paper or figure. A sentence that only tells the stage lists `stage`.\n"
        "- Of the direction's movement it says no more than its stage and the reasons do: no other word for rising, "
        "falling or standing still. It tells the past: no forecast.\n"
        "- Plain text: no markup, no links.\n" + DATA_RULE
    )


def _data(facts: Facts, lang: Language) -> dict[str, Any]:
    return {
        "direction": facts.shown(lang),
        "stage": facts.stage_text(lang),
        "reasons": [reason_text(reason, lang) for reason in facts.reasons],
        "figures": {figure.key: {"text": figure.text, "means": figure.meaning} for figure in facts.figures},
        "papers": [
            {
                "id": paper.id,
                "title": paper.title,
                "first_author": paper.first_author,
                "more_authors": paper.authors > 1,
                "published": paper.month,
                "sub_topic": paper.topic,
                "chosen_as": "central and new" if paper.central else "newest",
            }
            for paper in facts.papers
        ],
        "sub_topics": [{"number": topic.number, "name": topic.shown(lang)} for topic in facts.topics],
        "not_known": list(facts.unknown),
    }


def _schema(facts: Facts) -> dict[str, Any]:
    def some(values: list[str], most: int) -> dict[str, Any]:
        # An enum without values fits nothing, and JSON Schema asks for at least one.
        return {"type": "array", "items": {"enum": values}, "maxItems": most} if values else _NOTHING

    sentence = closed_object(
        text={"type": "string", "maxLength": _SCHEMA_CHARS},
        papers=some([paper.id for paper in facts.papers], _MOST_PAPERS),
        figures=some([figure.key for figure in facts.figures], _MOST_FIGURES),
    )
    return closed_object(sentences={"type": "array", "items": sentence, "maxItems": MOST_SENTENCES})


_NOTHING = {"type": "array", "items": {"type": "string"}, "maxItems": 0}
