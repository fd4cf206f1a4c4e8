from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.directions import canonical, load_catalogue, parse_direction
from littriage.documents.document import load_documents, parse_document, sections
from littriage.documents.folding import fold
from littriage.documents.names import Mention, NameFinder, known_names
from littriage.errors import DirectionError
from littriage.model import Catalogue, Direction, Query

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "documents"
shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no shared documents beside the checkout"),
]


def direction(slug: str, name: str, name_zh: str, aliases: Sequence[str] = (), *groups: Sequence[str]) -> Direction:
    query = Query(tuple(tuple(group) for group in groups) or (("no such phrase anywhere",), ("nor this one",)))
    return Direction(slug, "t", name, name_zh, "s", query, aliases=tuple(aliases))


ZOO = Catalogue(
    (),
    (
        direction("clip", "Language-image pre-training", "Zero-Shot(CLIP)", ["CLIP"]),
        direction("cnn", "Convolutional networks (general)", "CNN", ["cnn"]),
        direction("contrastive", "Contrastive learning", "对比学习"),
        direction("ddpm", "Denoising diffusion", "DDPM", ["扩散模型"]),
        direction(
            "few-shot", "Few-shot learning", "少样本学习", ["小样本学习"], ["few-shot learning", "one-shot learning"]
        ),
        direction("matching", "Text matching", "匹配", ["文本匹配", "segmentation"]),
        direction("nas", "Architecture search", "NAS网络架构搜索", ["网络架构搜索", "NAS"]),
        direction("non-contrastive", "Siamese networks without negatives", "非对比学习"),
        direction("plm", "Pre-training and fine-tuning", "预训练+微调"),
        direction("vision", "Vision transformers", "视觉Transformer", ["segmentation"], ["one-shot learning", "ViT"]),
    ),
)


def found(text: str, catalogue: Catalogue = ZOO) -> tuple[Mention, ...]:
    document = parse_document(text.encode(), "a.txt")
    mentions = NameFinder(catalogue).mentions(document, sections(document))
    assert all(document.text[one.start : one.end] == one.term for one in mentions)
    return mentions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("对比学习和别的", {"contrastive": "对比学习"}),
        ("非对比学习的方法", {"non-contrastive": "非对比学习"}),
        ("DDPM的加速", {"ddpm": "DDPM"}),
        ("用ddpm生成", {}),
        ("DDPMs and a DDPM++", {"ddpm": "DDPMs"}),
        ("Few-Shot\nLearning", {"few-shot": "Few-Shot\nLearning"}),
        ("few  shot learnings", {"few-shot": "few  shot learnings"}),
        ("**few-shot** learning", {"few-shot": "few-shot** learning"}),
        ("few. Shot learning", {}),
        ("few-shot\n\nlearning", {}),
        ("few-shot learningx, a few shots", {}),
        ("對比学习", {}),
        ("对比 学习,对比\n学习", {"contrastive": "对比 学习"}),
        ("对比。学习", {}),
        ("对比、学习", {}),
        ("CLIP and CLIPs", {"clip": "CLIP"}),
        ("we clip the gradients; Clip them", {}),
        ("cnn的思想, Cnn", {"cnn": "cnn"}),
        ("convolutional network", {"cnn": "convolutional network"}),
        ("预训练+微调的方式", {"plm": "预训练+微调"}),
        ("匹配", {}),
        ("Segmentation", {"matching": "Segmentation", "vision": "Segmentation"}),
        ("one-shot learning", {}),
        ("organs and ViTs", {}),
        ("视觉 transformer", {"vision": "视觉 transformer"}),
        ("视觉Transformer", {"vision": "视觉Transformer"}),
        ("", {}),
    ],
)
def test_a_name_is_found_as_it_stands(text: str, expected: dict[str, str]):
    """Latin words whole, in any case, number and joint; Chinese inside other text; acronyms in capitals."""
    mentions = found(text + "\n其余。")

    first: dict[str, str] = {}
    for one in mentions:
        first.setdefault(one.direction, one.term)
    assert first == expected


def test_a_mixture_of_names_gives_each_its_place():
    """网络架构搜索(NAS) is two names of one direction, NAS网络架构搜索 is one."""
    assert [(one.term, one.alias, one.start) for one in found("网络架构搜索(NAS)与NAS网络架构搜索")] == [
        ("网络架构搜索", "网络架构搜索", 0),
        ("NAS", "NAS", 7),
        ("NAS网络架构搜索", "NAS网络架构搜索", 12),
    ]


def test_a_mention_knows_its_section():
    """And so its author."""
    text = "题目\n\n作者:甲一\n对比学习\n\n作者:乙二\n对比学习"

    assert [one.section for one in found(text)] == [2, 3]


def test_a_phrase_of_a_query_is_a_name_where_it_says_all():
    """In a query of one group, with two words or more, and in no other query."""
    one = direction("one", "One", "一", (), ["graph parsing", "shared phrase", "parsing"])
    two = direction("two", "Two", "二", (), ["shared phrase"], ["tree search"])
    mentions = found("Graph parsing, a shared phrase, parsing, tree search.", Catalogue((), (one, two)))

    assert [(one.direction, one.term) for one in mentions] == [("one", "Graph parsing")]


def test_known_names_leave_out_what_stands_in_every_text():
    """A short Chinese name counts as an alias only; a remark in parentheses may be left out."""
    one = direction("matching", "Matching (of texts)", "匹配", ["文本匹配"])

    assert known_names(one) == ("Matching (of texts)", "Matching", "文本匹配")


# --- exact places -----------------------------------------------------------------------------------------------

NAMES = {"few-shot learning": "few-shot", "对比学习": "contrastive", "CLIP": "clip", "网络架构搜索": "nas",
         "视觉Transformer": "vision"}  # fmt: skip
NEIGHBOURS = ["的", "😀", "。", "…", "①。", "ﬁn ", "½,", "e\u0301 ", "é ", "\u200b", "\ufeff", "\n", "𝒳 ", "ｘ ", "㎡ "]
AROUND = st.lists(st.sampled_from(NEIGHBOURS), max_size=6).map("".join)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A name, and a way to write it: full-width letters, invisible characters inside, capitals."""
    name = draw(st.sampled_from(sorted(NAMES)))
    written = name if name == "CLIP" or draw(st.booleans()) else name.upper()
    letters = []
    for number, char in enumerate(written):
        if number and draw(st.integers(0, 4)) == 0:
            letters.append(draw(st.sampled_from(["\u200b", "\u200d", "\u00ad", "\ufeff"])))
        wide = "a" <= char.lower() <= "z" and draw(st.booleans())
        letters.append(chr(ord(char) + 0xFEE0) if wide else char)
    return name, "".join(letters)


@given(AROUND, spelled(), AROUND, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_places_are_exact_whatever_surrounds_them(before, name_and_spelling, after, line_end, mark):
    """Compatibility forms, invisible characters, emoji, line ends and a byte-order mark shift nothing."""
    name, spelling = name_and_spelling
    raw = f"{'﻿' if mark else ''}一{line_end}{before}。{spelling}。{after}"
    document = parse_document(raw.encode(), "a.txt")
    mentions = NameFinder(ZOO).mentions(document, sections(document))

    assert [(one.direction, one.term) for one in mentions] == [(NAMES[name], spelling)]
    assert document.text[mentions[0].start : mentions[0].end] == spelling


def test_an_accent_belongs_to_the_letter_before_it():
    """Also where it is a character of its own."""
    zoo = Catalogue((), (direction("frechet", "Fréchet distance", "弗雷歇距离"),))

    assert [one.term for one in found("a Fre\u0301chet-distance\u0301.", zoo)] == ["Fre\u0301chet-distance\u0301"]


@given(st.text(max_size=30))
def test_folding_agrees_with_the_matcher_on_words(text: str):
    """A text without TeX, and without marks that only fold() drops, has the same words folded as before."""
    plain = "".join(char for char in text if char not in "\\{}" and unicodedata.category(char) not in ("Cf", "Mn"))
    folded = fold(plain)

    assert canonical(folded.text) == canonical(plain)
    assert folded.places is None or len(folded.places) == len(folded.text)
    assert folded.places is not None or len(folded.text) == len(plain)


@pytest.mark.slow
def test_a_large_text_is_searched_in_one_pass(catalogue: Catalogue):
    """Twice the text takes about twice the time, and 700,000 characters a few seconds."""
    line = "最近的对比学习与扩散模型都很热,few-shot learning 也是,其余的话说得很长很长,没有任何方向的名字。\n"
    finder = NameFinder(catalogue)
    seconds = []
    for repeats in (4_000, 12_000):
        document = parse_document((line * repeats).encode(), "a.txt")
        whole = sections(document)
        begun = time.perf_counter()
        mentions = finder.mentions(document, whole)
        seconds.append(time.perf_counter() - begun)
        assert len(mentions) == 3 * repeats
    assert seconds[1] < 8 * seconds[0] + 1
    assert seconds[1] < 20


# --- aliases in the files ---------------------------------------------------------------------------------------

TOML = 'name = "A"\nname_zh = "甲"\nscope = "s"\naliases = ["Alpha nets", "阿尔法"]\n[query]\nall_of = [["a"]]\n'


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"阿尔法"', '"alpha-net"', "aliases #2: found 'alpha-net', expected each name once: #1 is the same"),
        ('"阿尔法"', '" "', "aliases #2: found ' ', expected a phrase with a letter or digit in it"),
        ('"阿尔法"', "3", "aliases #2: found 3, expected a phrase"),
        ('["Alpha nets", "阿尔法"]', '"阿尔法"', "aliases: found '阿尔法', expected a list of other names"),
    ],
)
def test_a_wrong_alias_is_named(old: str, new: str, problem: str):
    """Empty, no text, no list, or the same twice."""
    assert parse_direction(TOML, slug="a", theme="t", where="a.toml").aliases == ("Alpha nets", "阿尔法")
    with pytest.raises(DirectionError) as refused:
        parse_direction(TOML.replace(old, new), slug="a", theme="t", where="a.toml")

    assert problem in str(refused.value)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "queries")


def test_every_direction_has_other_names_of_its_own(catalogue: Catalogue):
    """Two or more; a name that two directions share is meant for both."""
    owners: dict[str, set[str]] = {}
    for one in catalogue.directions:
        assert 2 <= len(one.aliases) <= 7, one.slug
        for name in known_names(one):
            owners.setdefault(canonical(name), set()).add(one.slug)

    both = {"cnn-medical-segmentation", "transformer-medical-segmentation"}
    assert {name: slugs for name, slugs in owners.items() if len(slugs) > 1} == {
        "medical image segmentation": both,
        "医学图像分割": both,
    }


def test_every_alias_finds_its_direction(catalogue: Catalogue):
    """By itself, and between Chinese characters."""
    finder = NameFinder(catalogue)
    for one in catalogue.directions:
        for alias in one.aliases:
            document = parse_document(f"关于{alias}的一句话".encode(), "a.txt")
            mentions = finder.mentions(document, sections(document))
            assert (one.slug, alias) in {(mention.direction, mention.term) for mention in mentions}, alias


# --- the shared documents ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("named_apart", [pytest.param(False, marks=shared), pytest.param(True, marks=shared)])
def test_the_directions_that_the_shared_posts_speak_of_are_found(
    catalogue: Catalogue, named_apart: bool, capsys: pytest.CaptureFixture[str]
):
    """Of all pairs of a document and a direction that it makes a claim on, at least 80% by name or alias.

    The aliases were written with these documents at hand; the names and queries alone find about half.
    """
    if named_apart:
        bare = tuple(
            Direction(one.slug, one.theme, one.name, one.name_zh, one.scope, one.query, claims=one.claims)
            for one in catalogue.directions
        )
        catalogue = Catalogue(catalogue.themes, bare)
    finder = NameFinder(catalogue)
    seen = {
        (document.name, mention.direction)
        for document in load_documents([SHARED])
        for mention in finder.mentions(document, sections(document))
    }
    claimed = {(claim.document, one.slug) for one in catalogue.directions for claim in one.claims}
    share = len(claimed & seen) / len(claimed)
    with capsys.disabled():
        names = "names and queries alone" if named_apart else "names, queries and aliases"
        print(
            f"\n{names}: {len(claimed & seen)} of {len(claimed)} pairs of document and direction with a claim are "
            f"named ({share:.2f}); {len(seen - claimed)} named pairs without a claim"
        )

    assert share >= (0.4 if named_apart else 0.8)
    assert len(seen - claimed) < 0.15 * len(seen)
