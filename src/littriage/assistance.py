"""What a language model adds to a run: it screens hits, names sub-topics and words briefs.

Each function is a stage like those of `pipeline`: it asks the warehouse what is open, asks the model about that alone,
and stores what code has checked. Without a model, or past the budget, the plain method stands, and the stage says how
many items were left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from littriage import asking, briefs, learning, naming
from littriage.asking import Answer, Assistant, Question
from littriage.membership import RULES
from littriage.model import Decider, Direction, Judgement, Label, Verdict
from littriage.prompts import speaks_to_the_model
from littriage.run import Counts, Run, progress
from littriage.screening import (
    TASK,
    VERSION,
    Candidate,
    groups,
    held_back,
    in_asking_order,
    screened,
    screening_prompt,
)
from littriage.verdicts import Language, Order, ranking
from littriage.warehouse import answers, derived, judgements, learned, memberships, wording

TASKS = (TASK, naming.TASK, briefs.TASK)
"""The questions of a run."""

# --- screening --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grey:
    """What the rules leave undecided, and nobody has judged."""

    papers: Mapping[str, Sequence[Candidate]]
    """To ask about, by direction, each in the order to ask in. The direction that is least sure comes first."""
    held_back: Mapping[str, int]
    """Why others are not shown to a model -> how many."""


def screen(run: Run, assistant: Assistant | None, models: Mapping[str, str] | None = None) -> Counts:
    """Ask about the hits that the rules leave undecided; then give every membership the word of its best reader.

    Counted are the papers that are core, and related ones too where the run is set so. A hit that nobody judged has
    the rule's probability, or what was learned from the judged ones. Answers to exported questions are taken first,
    whoever gave them. `models` names for each rule the model whose vectors it used; without it nothing new is learned.
    """
    counts: Counts = {"imported": take_imported(run)["judged"]}
    if assistant is None:
        counts["grey"] = len(_undecided(run))
    else:
        grey = grey_hits(run)
        counts["grey"] = sum(map(len, grey.papers.values())) + sum(grey.held_back.values())
        questions = screening_questions(run, grey)
        try:
            asked = asking.ask(run, assistant, [question for question, _ in questions], task=TASK)
        except BaseException:  # new papers would make other questions, and the answers be lost
            _take(run, questions, _answered(run, questions, assistant.llm.model))
            raise
        counts |= {**asking.counts(asked), **_take(run, questions, asked.answers)}
        counts |= {f"held back: {reason}": papers for reason, papers in sorted(grey.held_back.items())}
    _apply_judgements(run)
    if models is not None:
        counts |= learn(run, models)
    for decider, decided, members in run.warehouse.rows("read/deciders"):
        counts[f"members by {decider}"] = f"{members:,} of {decided:,}"
    return counts


def grey_hits(run: Run) -> Grey:
    """The hits between the two thresholds of their rule that no reader has judged as they now read."""
    undecided = _undecided(run)
    texts = _texts(run, {paper_id for _, paper_id, _ in undecided})
    papers: dict[str, list[Candidate]] = {}
    doubt: dict[str, float] = {}
    not_shown: Counter[str] = Counter()
    for direction, paper_id, probability in undecided:
        paper = texts[paper_id]
        if reason := held_back(paper):
            not_shown[reason] += 1
        else:
            papers.setdefault(direction, []).append(paper)
            doubt[direction] = doubt.get(direction, 0.0) + probability * (1 - probability)
    order = sorted(papers, key=lambda slug: (-doubt[slug] / len(papers[slug]), slug))
    return Grey({slug: in_asking_order(papers[slug]) for slug in order}, not_shown)


def _undecided(run: Run) -> list[tuple[str, str, float]]:
    """(Direction, paper, the rule's probability) of grey hits that nobody has judged."""
    return memberships.grey_hits(run.warehouse, RULES.values(), VERSION, _scopes(run))


def _texts(run: Run, ids: Iterable[str]) -> dict[str, Candidate]:
    return {row[0]: Candidate(*row) for row in run.warehouse.rows("read/texts_of_papers", ids=sorted(ids))}


Posed = tuple[Question, Sequence[Candidate]]
"""A question on some papers of a direction."""


def screening_questions(run: Run, grey: Grey) -> list[Posed]:
    """The questions on grey hits, direction by direction."""
    directions = _directions(run)
    return [
        (Question(screening_prompt(directions[slug], some), _subject(slug, some)), some)
        for slug, papers in grey.papers.items()
        for some in groups(papers)
    ]


def _subject(slug: str, papers: Sequence[Candidate]) -> str:
    """The direction and the papers of a question, so that its answer can be used though others are asked by now."""
    return " ".join([slug, *(paper.paper_id for paper in papers)])


def _take(
    run: Run, posed: Sequence[Posed], given: Mapping[str, Answer], told_at: Mapping[str, datetime] | None = None
) -> Counts:
    """Keep the labels of the answers, by question, as judgements; how many, and why other papers have none.

    An answer was given at `told_at`, or just now. A paper without a label is noted too: it was asked about, and is not
    asked about again as it reads.
    """
    directions = _directions(run)
    texts = judgements.stored_texts(run.warehouse, {paper.paper_id for _, some in posed for paper in some})
    kept: list[judgements.Kept] = []
    unlabelled: list[judgements.Unlabelled] = []
    drops: Counter[str] = Counter()
    for question, some in posed:
        if (answer := given.get(question.prompt.question)) is None:
            continue
        direction = directions[question.subject.split(" ", 1)[0]]
        scope = judgements.scope_hash(direction)
        judge, found = f"{Decider.LLM}:{answer.model}", screened(some, answer.value)
        when = run.now() if told_at is None else told_at[question.prompt.question]
        drops.update(found.dropped)
        for paper_id in (paper.paper_id for paper in some):
            if label := found.labels.get(paper_id):
                judgement = Judgement(paper_id, direction.slug, label, judge, VERSION)
                kept.append(judgements.Kept(judgement, texts[paper_id], scope, when))
            else:
                unlabelled.append(
                    judgements.Unlabelled(paper_id, direction.slug, judge, texts[paper_id], scope, VERSION)
                )
    judgements.store(run.warehouse, kept, unlabelled)
    return {"judged": len(kept), **{f"not judged: {reason}": papers for reason, papers in sorted(drops.items())}}


def _answered(run: Run, posed: Sequence[Posed], model: str) -> dict[str, Answer]:
    """What this model has answered to these questions, as far as it is stored."""
    stored = answers.found(run.warehouse, [question.prompt.question for question, _ in posed])
    return {
        name: Answer(one.value, one.model) for name, several in stored.items() for one in several if one.model == model
    }


def take_imported(run: Run) -> Counts:
    """Keep the labels of imported answers to exported questions as judgements; how many, as `_take` tells.

    A question whose papers or scope have changed since it was exported is no longer the one that was answered: its
    answer is left alone, and what is still undecided is asked again.
    """
    directions = _directions(run)
    exported = dict(answers.open_subjects(run.warehouse, TASK))
    given: dict[str, Answer] = {}
    told_at: dict[str, datetime] = {}
    posed: list[Posed] = []
    found = answers.found(run.warehouse, exported)
    named = {name: exported[name].split(" ") for name in found}
    texts = _texts(run, {one for _, *ids in named.values() for one in ids})
    for name, several in found.items():
        slug, *ids = named[name]
        some = [texts[one] for one in ids if one in texts]
        if slug in directions and some and (prompt := screening_prompt(directions[slug], some)).question == name:
            newest = next((one for one in several if one.imported), several[0])
            given[name] = Answer(newest.value, newest.model)
            told_at[name] = newest.answered_at
            posed.append((Question(prompt, exported[name]), some))
    return _take(run, posed, given, told_at)


def pose_screening(run: Run) -> None:
    """Note every question on grey hits as open, for a batch file. Where there is none, what is open stays so."""
    if questions := [question for question, _ in screening_questions(run, grey_hits(run))]:
        asking.ask(run, None, questions)


# --- learning from what was judged ------------------------------------------------------------------------------


def learn(run: Run, models: Mapping[str, str]) -> Counts:
    """Let the judged hits of every direction that has enough of them speak for its other hits, old and new alike.

    A direction whose hits and judgements are as they were is left as it is. Counted are the directions in which what
    was learned, or the recalibrated rule, speaks in the rule's place, of the papers that the run counts.
    """
    able = [
        one
        for one in learned.judged_directions(run.warehouse)
        if one.rule in models and any(learning.enough(one.judged, some) for some in (one.core, one.core_or_related))
    ]
    changed = False
    if others := learned.learned_directions(run.warehouse) - {one.slug for one in able}:
        learned.forget_learned(run.warehouse, sorted(others))
        changed = True
    with progress(run, "learn", len(able)) as advance:
        for one in able:
            model = models[one.rule]
            stamp = f"{learning.LEARNING_RULE} {model} {run.seed} {one.stamp}"
            if derived.stamped(run.warehouse, "learn", one.slug) != stamp:
                hits = learned.hits_to_learn(run.warehouse, one.slug, model)
                found = {
                    target: learning.learned(probabilities, hits.vectors, hits.judged, positive, run.seed)
                    for target, probabilities, positive in (
                        ("core", hits.probabilities, hits.labels == Label.CORE),
                        ("any", hits.probabilities_any, hits.labels != Label.OUT),
                    )
                }
                learned.store_learned(run.warehouse, one.slug, hits, found, stamp)
                changed = True
            advance(1)
    if changed:
        _apply_judgements(run)
    ways = learned.learned_ways(run.warehouse, "any" if run.count_related else "core")
    return {
        "learned directions": ways.get(learning.Way.LEARNED, 0),
        "recalibrated directions": ways.get(learning.Way.RECALIBRATED, 0),
    }


def _apply_judgements(run: Run) -> None:
    memberships.apply_judgements(run.warehouse, RULES.values(), _scopes(run), related=run.count_related)


def _directions(run: Run) -> dict[str, Direction]:
    return {one.slug: one for one in run.catalogue.directions}


def _scopes(run: Run) -> dict[str, str]:
    return {one.slug: judgements.scope_hash(one) for one in run.catalogue.directions}


# --- names of sub-topics and briefs -----------------------------------------------------------------------------


def name_subtopics(run: Run, assistant: Assistant | None) -> Counts:
    """Give sub-topics that have none names in English and Chinese, where a model gave one that holds.

    A sub-topic without such a name has none, and readers see its label of terms. It keeps its name as long as it lives:
    papers that come later ask for no other one.
    """
    directions = _directions(run)
    to_name = [
        replace(one, titles={key: title for key, title in one.titles.items() if not speaks_to_the_model(title)})
        for one in wording.clusters_to_name(run.warehouse, naming.MOST_PAPERS)
        if one.direction in directions
    ]
    questions = {
        one.direction: Question(
            naming.naming_prompt(directions[one.direction], one.clusters, one.titles), f"{one.direction} {naming.TASK}"
        )
        for one in to_name
    }
    asked = asking.ask(run, assistant, list(questions.values()), task=naming.TASK)
    names: dict[str, tuple[naming.Names, str]] = {}
    drops: Counter[str] = Counter()
    for one in to_name:
        if answer := asked.answers.get(questions[one.direction].prompt.question):
            kept, dropped = naming.checked_names(
                directions[one.direction], one.clusters, one.titles, answer.value, named=one.named
            )
            names[one.direction] = (kept, answer.model)
            drops.update(dropped)
    wording.store_names(run.warehouse, names)
    clusters, named = wording.named_clusters(run.warehouse)
    return {
        **asking.counts(asked),
        "sub-topics": clusters,
        "named": named,
        **_dropped(drops),
    }


def word_briefs(run: Run, assistant: Assistant | None) -> Counts:
    """A brief of every direction in English and Chinese: a model's where sentences of it hold, else the template's.

    A model is asked where there is a verdict and a paper, in the assistant's languages; the directions that rise come
    first, then those that grow no more. It takes the verdicts of this run, which are stored.
    """
    told = _facts(run)
    languages = cast("tuple[Language, ...]", assistant.languages if assistant else briefs.LANGUAGES)
    questions = {
        (slug, lang): Question(briefs.brief_prompt(told[slug], lang), f"{slug} {briefs.TASK} {lang}")
        for slug in _in_interest(run.verdicts)
        for lang in languages
        if briefs.worth_wording(told[slug])
    }
    asked = asking.ask(run, assistant, list(questions.values()), task=briefs.TASK)
    made: list[wording.Brief] = []
    drops: Counter[str] = Counter()
    for slug, facts in told.items():
        for lang in briefs.LANGUAGES:
            question = questions.get((slug, lang))
            answer = asked.answers.get(question.prompt.question) if question else None
            sentences, dropped = briefs.checked(facts, answer.value, lang) if answer else ((), {})
            drops.update(dropped)
            by = answer.model if answer and sentences else briefs.WORDED_FROM_TEMPLATE
            stored = tuple((one.text, one.ids(facts)) for one in sentences or briefs.template(facts, lang))
            made.append(wording.Brief(slug, lang, stored, by, dropped))
    wording.store_briefs(run.warehouse, made)
    worded = sum(one.worded_by != briefs.WORDED_FROM_TEMPLATE for one in made)
    return {
        **asking.counts(asked),
        "briefs": len(made),
        "worded by a model": worded,
        "from the template": len(made) - worded,
        **_dropped(drops),
    }


def _facts(run: Run) -> dict[str, briefs.Facts]:
    assert run.as_of is not None, "weigh() sets it"
    verdicts = {verdict.direction: verdict for verdict in run.verdicts}
    papers = {
        slug: [one for one in some if not speaks_to_the_model(one.title)]
        for slug, some in wording.key_papers(run.warehouse, run.as_of).items()
    }
    topics = wording.sub_topics(run.warehouse, run.as_of)
    return {
        one.slug: briefs.facts(
            one, verdicts.get(one.slug), papers.get(one.slug, ()), topics.get(one.slug, ()), run.as_of
        )
        for one in run.catalogue.directions
    }


def _in_interest(verdicts: Sequence[Verdict]) -> list[str]:
    """The directions in the order in which a budget is best spent on them."""
    orders: tuple[Order, ...] = ("rising", "saturated", "declining")
    listed = [verdict.direction for order in orders for verdict in ranking(verdicts, order)]
    return list(dict.fromkeys([*listed, *(verdict.direction for verdict in verdicts)]))


def _dropped(drops: Mapping[str, int]) -> Counts:
    return {f"dropped: {reason}": count for reason, count in sorted(drops.items())}
