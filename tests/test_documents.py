from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.documents.authors import author_line
from littriage.documents.dates import dated_line, parse_day, relative_day
from littriage.documents.document import Document, Section, load_documents, parse_document, pieces, sections
from littriage.documents.reposts import LEAST_SHARE, reposts
from littriage.errors import DocumentError

FIXTURES = Path(__file__).parent / "fixtures" / "documents"
SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "documents"
shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no shared documents beside the checkout"),
]

CHINESE = "深度学习里有哪些方向还没有饱和?我的看法是,先把数据做好,再谈模型。"


def read(text: str, name: str = "a.txt") -> Document:
    return parse_document(text.encode(), name)


def fixture(name: str) -> Document:
    return parse_document((FIXTURES / name).read_bytes(), name)


def authors(document: Document) -> list[str]:
    return [section.author for section in sections(document)]


# --- bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("gbk"), "gb18030"),
        (CHINESE.encode("gb2312"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("utf-32"), "utf-32-le"),
    ],
)
def test_a_document_is_the_same_in_every_encoding(content: bytes, encoding: str):
    """Text and hash do not tell how the file was stored."""
    document = parse_document(content, "a.txt")

    assert (document.text, document.encoding, document.notes) == (CHINESE, encoding, ())
    assert document.sha256 == hashlib.sha256(CHINESE.encode()).hexdigest()


COMMON = [char for row in range(16, 56) for char in (bytes([0xA0 + row, cell]).decode("gb2312", "ignore")
          for cell in range(0xA1, 0xFF)) if char]  # fmt: skip


@given(st.lists(st.sampled_from(COMMON), min_size=1, max_size=50).map("".join))
def test_chinese_survives_the_round_trip_through_gb18030(text: str):
    """Any common characters, in whatever order."""
    first, second = (parse_document(text.encode(encoding), "a.txt") for encoding in ("utf-8", "gb18030"))

    # A few runs of characters are valid UTF-8 when they are stored as GB18030: no reader can tell.
    valid = text.encode("gb18030").decode("utf-8", errors="ignore").encode() == text.encode("gb18030")
    assert valid or (first.text, first.sha256) == (second.text, second.sha256) == (text, first.sha256)


def test_line_ends_are_line_feeds():
    """Of Windows, of old Macs and of Unix."""
    assert parse_document(b"a\r\nb\rc\n", "a.txt").text == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "a.txt is empty"),
        (b" \r\n\t", "a.txt is empty"),
        ("﻿".encode(), "a.txt is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.txt is not text, it holds zero bytes"),
        (b"%PDF-1.7\x01\x02\x03\x04\x05\x06\x07\x08 obj", "control character"),
        (
            "これは日本語の文章です。深層学習の研究について書いています。".encode("shift_jis") * 9,
            "tried utf-8, gb18030",
        ),
        ("딥러닝 연구에서 아직 포화되지 않은 방향은 무엇인가".encode("euc-kr") * 9, "tried utf-8, gb18030"),
        ("déjà vu, où êtes-vous, à bientôt, été, forêt ".encode("latin-1") * 9, "in no encoding that we know"),
        (b"a" * 20_000_001, "a.txt has 20,000,001 bytes"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, part: str):
    """The message says what was seen and what was tried."""
    with pytest.raises(DocumentError) as refused:
        parse_document(content, "a.txt")

    assert part in str(refused.value)


def test_a_broken_byte_is_replaced_and_noted():
    """A file cut inside a character, or damaged in one place, is still a document."""
    document = parse_document((CHINESE * 30).encode()[:-1], "a.txt")

    assert (document.encoding, document.notes) == ("utf-8", ("1 undecodable byte replaced",))
    assert document.text.startswith(CHINESE)


# --- HTML -------------------------------------------------------------------------------------------------------


def test_a_page_is_its_visible_text():
    """No script, style, comment or hidden element; entities are characters; blocks are lines."""
    document = fixture("page.html")

    assert document.text == (
        "首页\n论坛\n\n蒸馏与剪枝\n\n作者:白石\n\n先说模型剪枝:剪掉一半通道, 精度只掉 0.3%。\n再说 TinyBERT。\n\n"
        "方法 精度\nA < B 71\n\nx = 1\n  y = 2"
    )
    assert (document.format, document.title, document.day) == ("html", "蒸馏与剪枝 — 小站", "2021-09-14")
    assert document.day_basis == 'meta article:published_time: "2021-09-14T08:00:00+08:00"'
    assert authors(document) == ["", "白石"]


def test_a_declared_character_set_is_used():
    """Also where it is one that nothing else would suggest, and under the name of a narrower set."""
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset={}"></head><body>{}</body></html>'

    chinese = parse_document(page.format("gb2312", "镕基与囧").encode("gbk"), "a.html")
    japanese = parse_document(page.format("shift_jis", "深層学習").encode("shift_jis"), "a.html")
    french = parse_document(page.format("ISO-8859-1", "“déjà vu”").encode("cp1252"), "a.html")
    wrong = parse_document(page.format("gb2312", CHINESE).encode("utf-8-sig"), "a.html")

    assert [one.text for one in (chinese, japanese, french, wrong)] == ["镕基与囧", "深層学習", "“déjà vu”", CHINESE]


def test_the_same_page_in_two_encodings_is_the_same_document():
    """GB18030 and UTF-8, each declared."""
    page = (FIXTURES / "page.html").read_text(encoding="utf-8")
    chinese = parse_document(page.replace('charset="utf-8"', 'charset="gb2312"').encode("gb18030"), "b.html")

    assert (chinese.text, chinese.sha256) == (fixture("page.html").text, fixture("page.html").sha256)


@pytest.mark.parametrize("depth", [200, 300, 20_000])
def test_a_deep_page_loses_nothing(depth: int):
    """A parser that builds a tree drops what is deeper than 256 elements without a word."""
    page = "<html><body>" + "<div>" * depth + "deep" + "</div>" * depth + "<p>after</p></body></html>"

    assert parse_document(page.encode(), "a.html").text == "deep\n\nafter"


def test_a_page_cannot_reach_files(tmp_path: Path):
    """An external entity stays what it is: unknown."""
    secret = tmp_path / "secret"
    secret.write_text("the secret", encoding="utf-8")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><html><body><p>seen &x; too</p></body></html>'

    text = parse_document(page.encode(), "a.html").text

    assert "seen" in text
    assert "the secret" not in text


def test_a_page_saved_as_text_is_a_page():
    """What begins as HTML is HTML."""
    assert parse_document(b"\n<!doctype html><p>one<p>two", "a.txt").text == "one\n\ntwo"
    assert parse_document(b"1 <b>2</b> <html>", "a.txt").text == "1 <b>2</b> <html>"


def test_a_page_that_shows_nothing_is_refused():
    """Markup alone is no document."""
    with pytest.raises(DocumentError, match=r"a\.html shows no text"):
        parse_document(b"<html><head><title>t</title></head><body><script>1</script></body></html>", "a.html")


# --- files ------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_with_its_folders_and_each_text_once(tmp_path: Path):
    """Sorted by name; hidden files and other kinds are left alone; a file may also be named by itself."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.txt").write_bytes(CHINESE.encode("gb18030"))
    (tmp_path / "a.md").write_text("# one", encoding="utf-8")
    (tmp_path / "deep" / "c.HTM").write_text("<p>two", encoding="utf-8")
    (tmp_path / "deep" / "d.txt").write_text(CHINESE, encoding="utf-8")
    (tmp_path / ".hidden.txt").write_text("no", encoding="utf-8")
    (tmp_path / "e.pdf").write_bytes(b"\0")

    found = load_documents([tmp_path, tmp_path / "b.txt"])

    assert [(one.name, one.text) for one in found] == [("a.md", "# one"), ("b.txt", CHINESE), ("c.HTM", "two")]
    assert found[1].notes == ("d.txt holds the same text",)


def test_files_of_one_name_are_told_apart(tmp_path: Path):
    """Two folders may hold a post.txt each."""
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "post.txt").write_text(folder, encoding="utf-8")

    assert [one.name for one in load_documents([tmp_path])] == [
        (tmp_path / folder / "post.txt").as_posix() for folder in ("x", "y")
    ]


def test_a_path_that_is_no_document_is_named(tmp_path: Path):
    """Not there, an empty folder, a file that is not text."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.txt").write_bytes(b"a\0b")

    for path in ("nowhere.txt", "empty", "bad.txt"):
        with pytest.raises(DocumentError, match=path.replace(".", r"\.")):
            load_documents([tmp_path / path])


# --- sections ---------------------------------------------------------------------------------------------------


def test_a_roundup_is_cut_by_author():
    """The list of the page's authors begins no section; a block number belongs to what follows it."""
    document = fixture("roundup.txt")
    found = sections(document)

    assert [(one.number, one.author, one.heading, one.url, one.day) for one in found] == [
        (1, "", "", "", ""),
        (2, "林晚照", "01", "https://example.org/question/7/answer/11", ""),
        (3, "orlin", "02", "https://example.org/question/7/answer/12", "2020-11-30"),
        (4, "青禾", "03", "", ""),
        (5, "", "", "", ""),
    ]
    assert [document.text[one.start :][:2] for one in found[1:4]] == ["01", "02", "03"]
    assert document.text[found[4].start :].startswith("— END —")
    for one in found:
        assert one.author_span is None or document.text[slice(*one.author_span)] == one.author


def test_english_threads_are_cut_by_author():
    """A heading inside an answer ends nothing, and neither does a sentence that begins with By."""
    document = fixture("threads.md")

    assert [(one.author, one.heading, one.url, one.day) for one in sections(document)] == [
        ("", "", "", ""),
        ("Mira Holt", "Answer by Mira Holt", "", "2021-03-05"),
        ("T. Okafor", "Second answer", "https://example.org/threads/9#2", ""),
    ]
    assert (document.title, document.day) == ("What should a new student work on?", "2021-04")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("作者:谢小满", ("谢小满",)),
        ("作者\uff1a 谢小满", ("谢小满",)),
        ("作者 | 谢小满", ("谢小满",)),
        ("作者丨甲一、乙二、丙三", ("甲一", "乙二", "丙三")),
        ("来自|知乎  作者丨甲一、乙二", ("甲一", "乙二")),
        ("下面回答内容来自知乎作者:Nomad", ("Nomad",)),
        ("作者:labrat https://example.org/answer/1", ("labrat",)),
        ("作者:谢小满 链接:https://example.org/1", ("谢小满",)),
        ("作者:谢小满(某某大学)", ("谢小满",)),
        ("**作者:[谢小满](https://example.org/people/x)**", ("谢小满",)),
        ("作者:知乎用户", ("知乎用户",)),
        ("文丨谢小满", ("谢小满",)),
        ("By Ada Lovelace", ("Ada Lovelace",)),
        ("by Ada Lovelace and T. Okafor", ("Ada Lovelace", "T. Okafor")),
        ("Author: ada_l", ("ada_l",)),
        ("> Answer by Ludwig van Beethoven", ("Ludwig van Beethoven",)),
        ("Posted by Ada on 5 April 2021", ("Ada",)),
        ("By far the best idea", None),
        ("By 2021 the field had moved on", None),
        ("作者发现,如果步长越大,结果越好", None),
        ("我是这篇论文的作者:欢迎提问", None),
        ("论文作者:Somebody Else", None),
        ("作者:这是一句完整的话。它有句号。", None),
        ("编辑:谢小满", None),
        ("", None),
        ("作者:" + "长" * 300, None),
    ],
)
def test_an_author_line_is_told_from_a_sentence(line: str, names: tuple[str, ...] | None):
    """The forms of Chinese and English posts, and what only looks like them."""
    found = author_line(line, 100)

    assert (found and found.names) == names
    if found:
        shown = line[found.span[0] - 100 : found.span[1] - 100]
        assert shown.startswith(found.names[0])
        assert shown.endswith(found.names[-1])


def test_the_author_may_stand_on_the_line_after_the_label():
    """作者: and then the name."""
    assert authors(read("标题\n\n作者:\n\n谢小满\n正文从这里开始,有很多话要说。")) == ["", "谢小满"]


def test_authors_of_a_paper_begin_no_section():
    """A list of papers names many authors, none of whom wrote the post."""
    assert authors(read("作者:谢小满\n读两篇论文。\n论文标题:A Title\n作者:Somebody Else\n很好。")) == ["谢小满"]


def test_a_list_of_authors_who_write_together_is_an_author():
    """Where none of them follows alone."""
    assert authors(read("题目\n作者:甲一、乙二\n我们认为如此。")) == ["", "甲一、乙二"]


def test_a_name_said_twice_begins_one_section():
    """In the head of the page and again below it."""
    assert authors(read("作者丨谢小满\n来源丨某处\n\n作者:谢小满\n正文")) == ["谢小满"]


def test_a_document_without_authors_is_one_section():
    """It has no author, which is not the same as an unknown section."""
    document = read("一句话。\n另一句话。")

    assert sections(document) == (Section(1, 0, len(document.text), ""),)


LINES = st.sampled_from([
    "作者:甲一", "作者丨甲一、乙二", "By Ada Lovelace", "01", "## 标题", "- END -", "一段话。", "", "  ", "作者:",
    "2021-04-05", "https://example.org/answer/1", "Posted by Ada on 5 April 2021", "学习交流群邀请函", "\u200b", "😀",
])  # fmt: skip


@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n", "\n\n"]), st.integers(1, 30))
def test_sections_and_pieces_cover_the_text(lines: list[str], joint: str, most: int):
    """In order, without overlap, whatever stands where; each piece is short enough."""
    content = joint.join([*lines, "x"]).encode()
    document = parse_document(content, "a.txt")
    found = sections(document)

    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert (found[0].start, found[-1].end) == (0, len(document.text))
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(one.start < one.end for one in found)
    for one in found:
        assert one.author_span is None or one.start <= one.author_span[0] < one.author_span[1] <= one.end
        cut = pieces(document, one, most)
        assert (cut[0][0], cut[-1][1]) == (one.start, one.end)
        assert all(first[1] == second[0] for first, second in pairwise(cut))
        assert all(0 < end - start <= most for start, end in cut)


def test_pieces_end_with_paragraphs():
    """Else with lines, else with sentences, else anywhere."""
    document = read("aaaa\n\nbbbb\n\ncccc dd. eeee ffff gggghhhhiiii")
    (section,) = sections(document)

    cut = [document.text[start:end] for start, end in pieces(document, section, 12)]

    assert cut == ["aaaa\n\nbbbb\n\n", "cccc dd. ", "eeee ffff gg", "gghhhhiiii"]
    with pytest.raises(ValueError, match="at most 0 characters"):
        pieces(document, section, 0)


# --- dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-04-23 03:08", "2021-04-23"),
        ("2021/4/3", "2021-04-03"),
        ("2021.04.23", "2021-04-23"),
        ("2021-04", "2021-04"),
        ("2021年4月", "2021-04"),
        ("2021 年 4 月 5 日", "2021-04-05"),
        ("April 2021", "2021-04"),
        ("Jan 5, 2020", "2020-01-05"),
        ("5th of January, 2020", "2020-01-05"),
        ("Sept. 2019", "2019-09"),
        ("2021-04-23T03:08:00+08:00", "2021-04-23"),
        ("2021年", "2021"),
        ("2021-02-30", ""),
        ("2021-13", ""),
        ("arXiv 2008.08601", ""),
        ("2105.14203", ""),
        ("version 12021-04-05", ""),
        ("2 年前", ""),
    ],
)
def test_a_date_is_as_narrow_as_it_says(text: str, day: str):
    """In Chinese and English; an arXiv id and a day that no calendar has are no dates."""
    assert parse_day(text) == day


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("2021-04-23 03:08", "2021-04-23"),
        ("量子小站 2021-04-23 03:08", "2021-04-23"),
        ("某某账号 • 2021年4月23日 • 320 次点击", "2021-04-23"),
        ("发布于2021-04-23", "2021-04-23"),
        ("编辑于 2021-04-23 03:08", "2021-04-23"),
        ("Published: April 2021", "2021-04"),
        ("Date: 2021", "2021"),
        ("2021年,深度学习还有哪些方向?", None),
        ("他在2018年5月发表的一篇论文里说", None),
        ("CNN(2012-约2020)", None),
        ("In April 2021, we met.", None),
    ],
)
def test_only_a_line_about_the_text_dates_it(line: str, day: str | None):
    """A year in a title or a month in a sentence says nothing of when the text appeared."""
    found = dated_line(line)

    assert (found and found.day) == day
    assert found is None or parse_day(line[found.start : found.end]) == day


def test_a_relative_day_is_no_day():
    """It counts from the day of a reader whom nobody knows; the basis says so."""
    document = read("题目\n\n某账号 • 2 年前 • 320 次点击\n\n作者:谢小满\n正文")

    assert relative_day("某账号 • 2 年前 • 320 次点击") == (6, 10)
    assert relative_day("他两年前说过这句话") is None
    assert document.day == ""
    assert document.day_basis == 'none: chars 10-14, "2 年前", counts back from a day that is not given'
    assert read("没有日期").day_basis == "none: the text gives no date of its own"


def test_a_reprint_has_its_day_and_the_answer_its_own():
    """The page's day stands before the first of several answers; each answer may have another."""
    document = read(
        "题目\n2021-04-23 03:08\n\n作者:甲一\n链接:https://example.org/1\n编辑于 2018-03-05\n发布于 2018-01-20\n"
        "正文很长。\n\n作者:乙二\n没有日期。"
    )

    assert (document.day, document.day_basis) == ("2021-04-23", 'chars 3-19: "2021-04-23 03:08"')
    assert [one.day for one in sections(document)] == ["", "2018-01-20", ""]


def test_the_day_at_the_end_of_a_single_answer_is_the_documents_too():
    """发布于 stands below an answer."""
    document = read("题目\n作者:甲一\n" + "正文很长。\n" * 20 + "发布于 2019-06-01 12:00")

    assert (document.day, sections(document)[1].day) == ("2019-06-01", "2019-06-01")


# --- reposts ----------------------------------------------------------------------------------------------------


def with_sections(*documents: Document) -> list[tuple[Document, tuple[Section, ...]]]:
    return [(document, sections(document)) for document in documents]


def test_a_reprint_is_recognised():
    """Shortened, with other punctuation and spaces, and without its author's line."""
    original, copy = fixture("roundup.txt"), fixture("reprint.txt")

    (found,) = reposts(with_sections(copy, original))

    assert (found.document, found.section, found.original, found.original_section) == (
        "reprint.txt", 1, "roundup.txt", 3,
    )  # fmt: skip
    assert copy.text[slice(*found.span)].startswith("我做语音，最近半年")
    assert original.text[slice(*found.original_span)].startswith("我做语音,最近半年")
    assert copy.text[slice(*found.span)].endswith("至今没有人给出像样的检验")
    assert found.share > LEAST_SHARE


def test_the_earlier_document_is_the_original():
    """By day, else by name; in whatever order they are given."""
    body = "".join(f"第{number}句话说的是另一件不相干的事情。" for number in range(30))
    undated = [read(f"作者:甲一\n{body}", name) for name in ("a.txt", "b.txt")]
    dated = read(f"作者:甲一\n2020-01-01\n{body}", "z.txt")

    for order in ((*undated, dated), (dated, *reversed(undated))):
        found = reposts(with_sections(*order))
        assert {(one.document, one.original) for one in found} == {("a.txt", "z.txt"), ("b.txt", "z.txt")}
    assert [(one.document, one.original) for one in reposts(with_sections(*undated))] == [("b.txt", "a.txt")]
    assert [one.share for one in found] == [pytest.approx(1, abs=0.05)] * 2


def test_what_is_said_alike_is_no_repost():
    """A notice of rights, a short answer, a passage quoted inside a longer answer, the same words in one document."""
    notice = "著作权归作者所有。商业转载请联系作者获得授权,非商业转载请注明出处。"
    one = "".join(f"第{number}条理由是数据不够。" for number in range(30))
    other = "".join(f"其{number}我看算力才是要害。" for number in range(30))
    quoting = other + one[: len(one) // 3]

    found = reposts(
        with_sections(
            read(f"作者:甲一\n{notice}\n{one}", "a.txt"),
            read(f"作者:乙二\n{notice}\n{quoting}", "b.txt"),
            read("作者:丙三\n同意楼上。", "c.txt"),
            read("作者:丁四\n同意楼上。", "d.txt"),
            replace(read("作者:戊五\n" + "各说各话。" * 30 + "\n作者:己六\n" + "各说各话。" * 30), name="e.txt"),
        )
    )

    assert found == ()


# --- the shared documents ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def posts() -> dict[str, Document]:
    return {document.name[:3]: document for document in load_documents([SHARED])}


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ("000", ["", "谢凌曦", "数据误码率", "Zhifeng", ""]),
        ("001", ["", "叶琛小先森", ""]),
        ("002", ["", "量子位", "mileistone", "PENG Bo", ""]),
        ("003", ["", "Zhifeng", "陀飞轮"]),
        ("004", ["", "知乎用户", "天穹上的软光子", "大白杨", "labview", ""]),
    ],
)
@pytest.mark.parametrize("shared_", [pytest.param(None, marks=shared)])
def test_the_authors_of_the_shared_posts_are_found(
    posts: dict[str, Document], post: str, expected: list[str], shared_: None
):
    """Each with the address of the answer, but for the post that gives none."""
    found = sections(posts[post])

    assert [one.author for one in found] == expected
    assert all("/answer/" in one.url for one in found if one.author and post != "001")


@pytest.mark.parametrize("shared_", [pytest.param(None, marks=shared)])
def test_the_days_of_the_shared_posts_are_those_they_give(posts: dict[str, Document], shared_: None):
    """One gives its day; two count back from an unknown one."""
    assert {post: document.day for post, document in posts.items()} == {
        "000": "", "001": "", "002": "2021-04-23", "003": "", "004": "",
    }  # fmt: skip
    assert "2 年前" in posts["000"].day_basis


@pytest.mark.parametrize("shared_", [pytest.param(None, marks=shared)])
def test_the_reprinted_answer_of_the_shared_posts_is_found(posts: dict[str, Document], shared_: None):
    """One answer stands in two posts, in the second with the abstracts of its papers; no other does."""
    (found,) = reposts([(document, sections(document)) for document in posts.values()])

    assert (found.document[:3], found.section, found.original[:3], found.original_section) == ("003", 2, "000", 4)
    assert found.share > 0.8
