"""A few sentences per direction, each with the ids it rests on, each checked against the record.

    facts -> brief_prompt -> (a language model) -> checked -> sentences
    facts -> template                                      -> sentences, where there is no model or nothing was left

Pure: values in, values out. What is checked, and what is not, is told in docs/brief.md.
"""

from __future__ import annotations

from littriage.briefs.checks import Fault, Sentence, checked, fault, split_ids
from littriage.briefs.fallback import WORDED_FROM_TEMPLATE, template
from littriage.briefs.figures import LANGUAGES, Facts, Figure, KeyPaper, SubTopic, facts
from littriage.briefs.question import TASK, brief_prompt, worth_wording

__all__ = [
    "LANGUAGES",
    "TASK",
    "WORDED_FROM_TEMPLATE",
    "Facts",
    "Fault",
    "Figure",
    "KeyPaper",
    "Sentence",
    "SubTopic",
    "brief_prompt",
    "checked",
    "facts",
    "fault",
    "split_ids",
    "template",
    "worth_wording",
]
