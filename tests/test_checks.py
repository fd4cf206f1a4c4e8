"""Each rule of the stored tables holds on a good warehouse, and a row that breaks it is found."""

from __future__ import annotations

from datetime import date

import pytest

from cluster_rows import stand
from littriage import resources
from littriage.clusters.lineage import Lineage, Overlap
from littriage.model import Drop, HarvestNote, Paper, Window
from littriage.warehouse import Warehouse
from littriage.warehouse.checks import broken_rules
from littriage.warehouse.papers import store_harvested
from paper_files import NOW

VIOLATIONS = {
    "assigned_papers_lie_within_the_radius": "update cluster_member set similarity = 0.4, founder = false",
    "brief_sentences_have_ids": "update brief set papers = []",
    "done_windows_are_whole": "update harvest_window set received = expected - 1",
    "failed_requests_have_reasons": "update harvest_request set reason = ''",
    "finished_listings_are_current": "update oai_list set current_to = null",
    "forecasts_have_one_first_row": "delete from forecast where revision = 0",
    "forecasts_speak_or_abstain": "update forecast set p_rise = null, p_up = null, p_fall = null",
    "hits_have_papers": "delete from paper",
    "imports_add_up": "update import_file set rows = rows + 1",
    "llm_answers_have_their_key": "update llm_answer set model = 'another'",
    "llm_answers_were_paid_or_brought": "delete from llm_call where outcome = 'answered'",
    "llm_calls_have_reasons": "update llm_call set reason = ''",
    "memberships_have_hits": "delete from hit",
    "neighbour_graphs_have_rows": "update neighbour_graph set rows = 0",
    "overlaps_are_parts": "update cluster_set set papers = 2 where version = 2",
    "papers_in_clusters_have_their_cluster": "delete from cluster where version = 2",
    "shares_are_parts": "update trend_point set papers = exposure + 1",
    "vectors_lie_in_their_file": "update vector set place = place + 1",
}


@pytest.fixture
def good(warehouse: Warehouse) -> Warehouse:
    """A row in every table that a rule speaks of."""
    paper = Paper("2104.00001", "T", "A.", ("A",), ("cs.CL",), date(2021, 4, 5), 1)
    window = Window(date(2021, 1, 1), date(2021, 12, 31))
    note = HarvestNote("arxiv-api", "demo", window, 2, 2, (Drop("no title", 1, ("2104.00002",)),), 1, None)
    store_harvested(warehouse, note, [paper], query="q", now=NOW)
    failed = HarvestNote("arxiv-api", "other", window, 9, 4, (), 1, "SourceUnavailable: status 503")
    store_harvested(warehouse, failed, [], query="q", now=NOW)
    for statement in (
        "insert into import_file values ('a', now()::timestamp, 3, 1, 1, null), ('b', now()::timestamp, 2, 2, 0, 'f')",
        "insert into import_drop select 'a', imported_at, 'no id', 1, [] from import_file where source = 'a'",
        "insert into vector_file values ('m', 'm.rows', 1, 'float32', 1, '')",
        "insert into vector values ('2104.00001', 'm', 'h', 0)",
        "insert into neighbour_graph values ('m', 'm.npz', 15, 1, 'exact', 's')",
        "insert into oai_list (set_spec, in_order, pages, records, under_way, base, current_to)"
        " values ('cs', true, 1, 5, false, 'listing', '2021-05-01'), ('stat', true, 1, 5, true, null, null)",
        "insert into harvest_request (source, kind, subject, place, attempt, asked_at, waited_s, seconds, outcome,"
        " reason, dropped) values ('oai-pmh', 'records', 'cs', '', 1, now()::timestamp, 0, 1, 'SourceUnavailable',"
        " 'status 503', '{}'), ('oai-pmh', 'records', 'cs', '', 2, now()::timestamp, 5, 1, 'answered', '', '{}')",
        "insert into hit (paper_id, direction, in_title, title_groups, phrases)"
        " values ('2104.00001', 'demo', true, 1, 1)",
        "insert into membership (paper_id, direction, similarity, probability, member, rule)"
        " values ('2104.00001', 'demo', 0.5, 0.5, true, 'v1')",
        "insert into trend_point (direction, month, papers, members, exposure, status, reason)"
        " values ('demo', '2021-04-01', 5, 5, 5, 'complete', ''),"
        " ('demo', '2021-05-01', 5, 5, 0, 'missing', 'its field was not harvested')",
        "insert into brief values ('demo', 'en', 1, 'Demo: rising.', ['record:demo@2021-05-01#stage'], 'template')",
        *(
            "insert into forecast (direction, as_of, horizon, model, revision, made_at, run_id, hindsight, base_month,"
            " stage, p_rise, p_up, p_fall, abstained, rule, query, field) values ('demo', '2021-05-11', 12, 'm',"
            f" {revision}, now()::timestamp, 'r', false, '2021-04-01', 'hot', 0.3, 0.5, 0.2, '', 'v2', 'q', 'cs.CL')"
            for revision in (0, 1)
        ),
        "insert into llm_call (run_id, question, task, subject, model, place, asked_at, seconds, outcome, reason)"
        " values ('r', 'q', 'screen', 's', 'm', 'h', now()::timestamp, 1, 'LlmUnavailable', 'status 503'),"
        " ('r', 'q', 'screen', 's', 'm', 'h', now()::timestamp, 1, 'answered', '')",
        "insert into llm_answer values"
        " (sha256('m' || chr(10) || 'q'), 'q', 'm', 'screen', '{}', 'call', now()::timestamp),"
        " (sha256('n' || chr(10) || 'p'), 'p', 'n', 'screen', '{}', 'answers.jsonl', now()::timestamp)",
    ):
        warehouse.connection.execute(statement)
    stand(warehouse, "demo", {1: ("a", ("p", "q"))}, pool=("r",))
    shared = (Overlap(1, 1, 2), Overlap(None, 1, 1))
    stand(warehouse, "demo", {1: ("b", ("p", "q", "r"))}, version=2, lineage=Lineage({1: 1}, shared, ()))
    return warehouse


def test_a_good_warehouse_breaks_no_rule(good: Warehouse) -> None:
    assert broken_rules(good) == []


def test_every_rule_is_tested() -> None:
    assert {path.stem for path in (resources.folder("warehouse") / "checks").glob("*.sql")} == {*VIOLATIONS}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_broken_rule_is_found(good: Warehouse, rule: str) -> None:
    """With the rule in words, the number of rows and the first of them."""
    good.connection.execute(VIOLATIONS[rule])
    first_line = resources.sql(f"checks/{rule}").splitlines()[0].removeprefix("-- ").rstrip(".")

    assert good.rows(f"checks/{rule}")
    assert any(f"break the rule «{first_line}», the first: (" in sentence for sentence in broken_rules(good))
