"""How well membership decides, measured on judged pairs of direction and paper."""

from littriage.evaluation.fitting import best_threshold, fit_curve, fit_rule
from littriage.evaluation.hits import JudgedHits, further_hits, judged_hits
from littriage.evaluation.judgements import CORE, RELATED, Judgement, load_judgements, parse_judgements
from littriage.evaluation.membership import SCHEMA, Folds, cross_validated, evaluate_membership, f1_intervals, measures

__all__ = [
    "CORE",
    "RELATED",
    "SCHEMA",
    "Folds",
    "JudgedHits",
    "Judgement",
    "best_threshold",
    "cross_validated",
    "evaluate_membership",
    "f1_intervals",
    "fit_curve",
    "fit_rule",
    "further_hits",
    "judged_hits",
    "load_judgements",
    "measures",
    "parse_judgements",
]
