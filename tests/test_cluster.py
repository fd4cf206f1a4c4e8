"""Sub-topics: how papers are grouped, and what the groups are called."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from littriage.clusters.frozen import born
from littriage.clusters.grouping import MIN_CLUSTER, cluster_count, groups, outgrown
from littriage.clusters.terms import TermStatistics, characteristic_terms, label_of, term_statistics
from littriage.model import Cluster, ClusterMember, Paper

SPEECH = "End-to-end speech translation maps audio of a speaker to text."
IMAGES = "Visual grounding helps multimodal translation of image captions."
RARE = "Low-resource languages lack parallel corpora, so monolingual text is mined."


def paper(number: int, title: str = "A title", abstract: str | None = None) -> Paper:
    return Paper(f"2401.{number:05}", title, abstract, (), ("cs.CL",), date(2024, 1, 2))


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def corpus(sizes: tuple[int, ...] = (30, 20, 10), *, noise: float = 0.02) -> tuple[list[Paper], np.ndarray]:
    """Papers on speech, images and rare languages, each topic about its own axis."""
    papers, rows, rng = [], [], np.random.default_rng(0)
    for topic, (size, text) in enumerate(zip(sizes, (SPEECH, IMAGES, RARE), strict=True)):
        for _ in range(size):
            papers.append(paper(len(papers), "Neural translation", f"We study neural translation. {text}"))
            rows.append(np.eye(8)[topic] + noise * rng.normal(size=8))
    return papers, unit(np.array(rows))


def cluster_direction(
    direction: str, papers: list[Paper], vectors: np.ndarray, *, seed: int, background: TermStatistics | None = None
) -> tuple[Cluster, ...]:
    """Groups, what each is called, and its papers, nearest to the centroid first, in the order of ids."""
    order = sorted(range(len(papers)), key=lambda row: papers[row].id)
    vectors = vectors[order]
    newborns = [born(vectors, rows) for rows in groups(vectors, seed)]
    if not newborns:
        return ()
    own = [[papers[order[row]] for row in one.rows] for one in newborns]
    words = characteristic_terms(own, background)
    return tuple(
        Cluster(direction, number, label_of(terms), terms, tuple(
            ClusterMember(paper.id, float(cosine)) for paper, cosine in zip(members, one.similarities, strict=True)
        ))
        for number, (one, members, terms) in enumerate(zip(newborns, own, words, strict=True), start=1)
    )  # fmt: skip


def ids(clusters: tuple[Cluster, ...]) -> list[set[str]]:
    return [{member.paper_id for member in cluster.members} for cluster in clusters]


@pytest.mark.parametrize(
    ("papers", "count"), [(0, 1), (19, 1), (20, 2), (62, 2), (63, 3), (250, 5), (1000, 10), (9000, 12)]
)
def test_number_of_clusters_grows_with_the_root_of_the_papers(papers: int, count: int) -> None:
    """One below 20 papers, then the root of a tenth of them, at least 2 and at most 12."""
    assert cluster_count(papers) == count


def test_planted_topics_are_found_largest_first() -> None:
    """Three tight bundles of vectors come back as they were, numbered by size."""
    papers, vectors = corpus((40, 30, 20))

    clusters = cluster_direction("mt", papers, vectors, seed=3)

    ordered = [paper.id for paper in papers]
    assert ids(clusters) == [set(ordered[:40]), set(ordered[40:70]), set(ordered[70:])]
    assert [cluster.number for cluster in clusters] == [1, 2, 3]
    assert {cluster.direction for cluster in clusters} == {"mt"}


def test_labels_name_what_sets_a_cluster_apart() -> None:
    """Words that every paper has are in no label; a label is the first three terms."""
    papers, vectors = corpus((40, 30, 20))

    clusters = cluster_direction("mt", papers, vectors, seed=3)

    assert "speech" in " ".join(clusters[0].terms).lower()
    assert "visual" in " ".join(clusters[1].terms).lower()
    assert "low-resource languages" in [term.lower() for term in clusters[2].terms]
    for cluster in clusters:
        assert "neural translation" not in cluster.terms
        assert cluster.label == ", ".join(cluster.terms[:3])


def test_spellings_of_one_term_are_counted_together() -> None:
    """Plural, hyphen and case make no second term, and the most usual spelling is shown."""
    texts = ["Diffusion models sample.", "diffusion model sampling.", "The diffusion models."]
    papers = [paper(number, title="Notes", abstract=text) for number, text in enumerate(texts)]

    (cluster,) = cluster_direction("d", papers, unit(np.ones((3, 4))), seed=0)

    assert cluster.terms[0] == "diffusion models"
    assert not {"diffusion", "diffusion model", "Diffusion"} & set(cluster.terms)


def test_background_takes_common_words_down_in_a_label() -> None:
    """With one cluster, only what other papers say tells the topic from what is common everywhere."""
    papers = [paper(number, "Zebrafish", "Attention.") for number in range(6)]
    elsewhere = TermStatistics(papers=100, counts={"attention": 90})

    (without,) = cluster_direction("fish", papers, unit(np.ones((6, 4))), seed=0)
    (with_it,) = cluster_direction("fish", papers, unit(np.ones((6, 4))), seed=0, background=elsewhere)

    assert without.terms == ("Attention", "Zebrafish")
    assert with_it.terms == ("Zebrafish", "Attention")


def test_term_statistics_count_papers_not_occurrences() -> None:
    """A word that one paper repeats counts once, and a term of only two papers is left out."""
    statistics = term_statistics(
        [paper(1, "Graphs", "Graphs, graphs and a molecule."), paper(2, "Graph"), paper(3, "Graph, molecule")]
    )

    assert statistics == TermStatistics(papers=3, counts={"graph": 3})


def test_members_stand_nearest_first() -> None:
    """Each cluster starts with the paper nearest to its centre; similarities are cosines."""
    papers, vectors = corpus(noise=0.2)

    for cluster in cluster_direction("mt", papers, vectors, seed=1):
        assert all(a.similarity >= b.similarity for a, b in pairwise(cluster.members))
        assert all(-1.000001 <= member.similarity <= 1.000001 for member in cluster.members)


def test_same_call_gives_the_same_bits() -> None:
    """Two runs in one process agree to the last bit."""
    papers, vectors = corpus((200, 150, 90), noise=0.3)

    assert cluster_direction("mt", papers, vectors, seed=5) == cluster_direction("mt", papers, vectors, seed=5)


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_order_of_papers_changes_nothing(rng: random.Random, size: int) -> None:
    """Shuffled papers give equal clusters, members and labels, and every paper is in exactly one."""
    papers, vectors = corpus((size, 13, 9), noise=0.3)
    order = list(range(len(papers)))
    rng.shuffle(order)

    clusters = cluster_direction("mt", papers, vectors, seed=2)

    assert cluster_direction("mt", [papers[row] for row in order], vectors[order], seed=2) == clusters
    members = [member.paper_id for cluster in clusters for member in cluster.members]
    assert sorted(members) == [paper.id for paper in papers]
    assert len(clusters) == 1 or min(len(cluster.members) for cluster in clusters) >= MIN_CLUSTER


def test_no_papers_give_no_clusters() -> None:
    """An empty direction is not an error."""
    assert cluster_direction("d", [], np.empty((0, 384), np.float32), seed=0) == ()


def test_one_paper_is_a_cluster() -> None:
    """A single paper stands at its own centre and lends its words."""
    (cluster,) = cluster_direction("d", [paper(1, "Protein folding")], unit(np.ones((1, 4))), seed=0)

    assert cluster.terms == ("Protein folding",)
    assert cluster.members[0].similarity == pytest.approx(1)


def test_identical_vectors_are_one_cluster() -> None:
    """Where nothing tells papers apart, nothing is split, and no empty cluster appears."""
    papers = [paper(number, "Same") for number in range(60)]

    (cluster,) = cluster_direction("d", papers, unit(np.ones((60, 4))), seed=0)

    assert [member.paper_id for member in cluster.members] == [paper.id for paper in papers]


def test_a_few_outliers_join_the_nearest_cluster() -> None:
    """Two stray papers among many are no sub-topic of their own."""
    papers = [paper(number, "Text") for number in range(40)]
    rows = np.eye(4)[[0] * 38 + [1] * 2] + 0.001

    assert len(cluster_direction("d", papers, unit(rows), seed=0)) == 1


def test_equal_sizes_are_ordered_by_the_smallest_id() -> None:
    """Of two clusters of ten, the one with the oldest id is number 1."""
    papers = [paper(number) for number in range(20)]
    vectors = unit(np.eye(4)[[1] * 10 + [0] * 10])

    clusters = cluster_direction("d", papers, vectors, seed=0)

    assert [min(group) for group in ids(clusters)] == ["2401.00000", "2401.00010"]


@pytest.mark.parametrize(
    ("title", "term"),
    [
        (r"Schr\"odinger bridges", "Schrodinger bridges"),
        ("Réseaux génératifs", "Réseaux génératifs"),
        ("扩散模型", "扩散模型"),
        (r"$\beta$-VAE and \emph{disentanglement}", "disentanglement"),
        ("Kinyarwanda's morphology", "Kinyarwanda's morphology"),
    ],
)
def test_titles_beyond_ascii_and_with_latex_are_named(title: str, term: str) -> None:
    """Markup disappears, letters of any script stay."""
    (cluster,) = cluster_direction("d", [paper(1, title)], unit(np.ones((1, 4))), seed=0)

    assert term in cluster.terms


def test_papers_of_stop_words_alone_have_an_empty_label() -> None:
    """No term is invented where the text says nothing."""
    (cluster,) = cluster_direction("d", [paper(1, "On the use of these")], unit(np.ones((1, 4))), seed=0)

    assert (cluster.label, cluster.terms) == ("", ())


@pytest.mark.parametrize(
    ("papers", "now", "too_large"), [(19, 20, False), (19, 40, True), (20, 100, False), (20, 123, True), (0, 19, False)]
)
def test_a_direction_outgrows_its_sub_topics(papers: int, now: int, too_large: bool) -> None:
    """With twice the papers and twice the sub-topics that it would have; neither alone."""
    assert outgrown(papers, now) is too_large


def test_importing_the_module_loads_no_heavy_package() -> None:
    """faiss and scikit-learn wait for the first call."""
    modules = "littriage.clusters.grouping, littriage.clusters.terms, littriage.clusters.frozen"
    heavy = f"import sys, {modules}; print(sorted({{'faiss', 'sklearn', 'scipy', 'torch'}} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
