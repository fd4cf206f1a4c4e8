"""`littriage read`, over HTTP against a scripted language model, and without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeEmbedder
from littriage import resources, wiring
from littriage.cli.messages import say
from littriage.cli.options import Lang
from littriage.directions import load_catalogue
from littriage.extraction.locating import contains
from llm_server import Asked, LlmServer, data_of
from paper_files import parquet, row
from small_field import Run, runner

POST = """来源:某论坛 2021-06-10

作者:王小明

Parsing 最近特别火爆,几乎每个会议都有上百篇这方面的论文,大家都在做。
相比之下 crystal growth forecasting 这个小方向还没有多少人做,我觉得很有希望。

作者:李雷

我不同意,word-vectors 已经到头了,最近两年里没有什么本质的进展可言。
大家只是在旧的办法上修修补补,换一个数据集,再多跑几块显卡,分数涨了一点点,道理还是原来的道理。
"""

NEW: dict[str, Any] = {
    "term": "crystal growth forecasting",
    "known": "",
    "name_en": "Forecasting crystal growth",
    "name_zh": "晶体生长预测",
    "theme": "language",
    "scope_en": "Learned models that tell how crystals grow.",
    "query": [["crystal growth"], ["forecast", "model"]],
    "categories": ["cs.LG"],
    "exemplars": [
        {"title": "Crystals that grow by themselves", "arxiv_id": "2104.00001", "year": 0},
        {"title": "Talking to penguins", "arxiv_id": "2104.00002", "year": 0},
        {"title": "Not stored here", "arxiv_id": "2105.00003", "year": 0},
    ],
}


def claim(direction: str, term: str, evidence: str, **changes: Any) -> dict[str, Any]:
    return {
        "direction": direction,
        "term": term,
        "evidence": evidence,
        "at": -1,
        "stance": "hot",
        "paraphrase_en": "Said in other words.",
        "paraphrase_zh": "换一种说法。",
        "date": "",
        "inferred": False,
    } | changes


def answers(asked: Asked) -> dict[str, Any]:
    """A model that reads the post above, and makes one claim up."""
    text = asked.data["text"]
    if "Parsing" in text:
        return {
            "directions": [NEW],
            "claims": [
                claim("parsing", "Parsing", "Parsing 最近特别火爆"),
                claim("Forecasting crystal growth", "crystal growth forecasting", "我觉得很有希望", stance="promising"),
                claim("parsing", "Parsing", "这样的话没有人写过"),
            ],
        }
    if "word-vectors" in text:
        return {"directions": [], "claims": [claim("word-vectors", "word-vectors", "已经到头了", stance="saturated")]}
    return {"directions": [], "claims": []}


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    made = runner(tmp_path, capfd, monkeypatch)
    monkeypatch.setattr(wiring, "embedder", lambda settings, tier: FakeEmbedder())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "post.txt").write_text(POST, encoding="utf-8")
    return made


Serve = Callable[..., LlmServer]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Sets the model to a server; enter what comes back."""

    def made(answer: Callable[[Asked], Mapping[str, Any]] = answers, **settings: str) -> LlmServer:
        server = LlmServer(answer=answer)
        monkeypatch.setenv("LITTRIAGE_LLM_MODEL", "scripted")
        monkeypatch.setenv("LITTRIAGE_LLM_URL", server.url)
        for name, value in settings.items():
            monkeypatch.setenv(f"LITTRIAGE_LLM_{name.upper()}", value)
        return server

    return made


def read_json(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = run("read", *arguments, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_document_is_read(run: Run, serve: Serve, tmp_path: Path):
    """Claims with author, date, stance and place; a draft tried on the stored papers; what was dropped, and why."""
    papers = parquet(
        tmp_path / "a.parquet",
        [
            row("2104.00001", title="Crystals that grow by themselves", abstract="A model of crystal growth."),
            row("2104.00002", title="Something else", abstract="Crystal growth is not forecast."),
        ],
    )
    run("import", str(papers))

    with serve():
        code, out, err = run("read", "post.txt")

    assert (code, err) == (0, "")
    assert "author  date        stance     direction" in out
    assert "王小明  2021-06-10  hot        parsing" in out
    assert "李雷    2021-06-10  saturated  word-vectors" in out
    assert "New direction: Forecasting crystal growth (晶体生长预测)" in out
    assert "its query finds 2 of the 2 newest stored papers" in out
    assert "Crystals that grow by themselves (2021) 2104.00001: id checked" in out
    assert "Not stored here (2021) 2105.00003: not checked" in out
    assert "Talking to penguins" not in out
    assert "an exemplar whose id is another paper's" in out
    assert "the quoted words do not stand in the text beside the term" in out
    assert "Written: drafts/language/forecasting-crystal-growth.toml" in out
    assert "Written: drafts/claims.toml" in out


def test_chinese_output(run: Run, serve: Serve):
    """--lang zh shows the Chinese paraphrase and headings."""
    with serve():
        _, out, _ = run("read", "post.txt", "--lang", "zh")

    assert "换一种说法。" in out
    assert "热门" in out
    assert "引用的字句不在原文该术语旁边" in out


def test_reading_again_asks_nothing(run: Run, serve: Serve):
    """The second reading makes no call, and ends the same."""
    with serve() as server:
        first = read_json(run, "post.txt")
        calls = len(server.asked)
        second = read_json(run, "post.txt")

        assert len(server.asked) == calls

    assert (first["calls"], second["calls"], second["from_cache"]) == (calls, 0, second["pieces"])
    assert first["claims"] == second["claims"]
    assert second["written"]["unchanged"]


def test_a_budget_of_one_call(run: Run, serve: Serve):
    """Exactly one piece is read; the output is complete, and lists the others."""
    with serve(calls="1") as server:
        found = read_json(run, "post.txt")
        asked = [one for one in server.asked if one.method == "POST"]

    assert len(asked) == 1
    assert (found["calls"], found["answered"], len(found["left"])) == (1, 1, found["pieces"] - 1)
    assert all("budget of 1 call" in one["reason"] for one in found["left"])
    assert found["documents"][0]["mentions"]


def test_without_a_model(run: Run):
    """Known directions by name with places, and a line on what was not done; nothing is written."""
    code, out, err = run("read", "post.txt")

    assert (code, err) == (0, "")
    assert "parsing           1  Parsing" in out
    assert "No language model is set" in out
    assert not Path("drafts").exists()


def test_the_questions_go_out_and_come_back(run: Run, tmp_path: Path):
    """Without a model the questions are open: exported, answered elsewhere and imported, they give the same claims."""
    run("read", "post.txt")
    code, _, err = run("llm", "export", "open.jsonl", "--task", "read")
    assert code == 0, err
    lines = [json.loads(line) for line in Path("open.jsonl").read_text("utf-8").splitlines()]
    answered = []
    for line in lines:
        data = data_of(line["body"]["messages"][-1]["content"])
        value = answers(_Like(data))  # type: ignore[arg-type]
        content = json.dumps(value, ensure_ascii=False)
        body = {"model": "other", "choices": [{"message": {"role": "assistant", "content": content},
                                               "finish_reason": "stop"}]}  # fmt: skip
        answered.append({"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}})
    Path("answers.jsonl").write_text("\n".join(json.dumps(one) for one in answered), encoding="utf-8")
    code, _, err = run("llm", "import", "answers.jsonl")
    assert code == 0, err

    found = read_json(run, "post.txt")

    assert [one["direction"] for one in found["claims"]] == ["parsing", "forecasting-crystal-growth", "word-vectors"]
    assert (found["calls"], found["left"]) == (0, [])


class _Like:
    """As much of a request as `answers` looks at."""

    def __init__(self, data: Any) -> None:
        self.data = data


def test_the_drafts_are_accepted_as_reviewed(run: Run, serve: Serve, tmp_path: Path):
    """What a person has changed in --out goes into the catalogue; a second time nothing changes."""
    with serve():
        run("read", "post.txt")
    draft = Path("drafts/language/forecasting-crystal-growth.toml")
    draft.write_text(draft.read_text("utf-8").replace('"晶体生长预测"', '"晶体"'), encoding="utf-8")

    code, out, err = run("read", "--accept")
    again = read_json(run, "--accept")

    assert (code, err) == (0, "")
    assert "Accepted: 1 new directions, 3 claims; 0 claims stood there already" in out
    assert again["accepted"] == {"files": [], "directions": [], "claims": 0, "already_there": 3}
    catalogue = load_catalogue(tmp_path / "queries")
    named = {one.slug: one for one in catalogue.directions}
    assert named["forecasting-crystal-growth"].name_zh == "晶体"
    (hot,) = named["parsing"].claims
    assert hot.span is not None
    assert contains(POST, hot.span, "Parsing")
    assert (hot.author, hot.paraphrase_zh) == ("王小明", "换一种说法。")


def test_accepting_at_once_is_idempotent(run: Run, serve: Serve, tmp_path: Path):
    """--accept with the files: the same again adds nothing, though the new direction is a known one by then."""
    with serve():
        first = read_json(run, "post.txt", "--accept")
        before = {path: path.read_bytes() for path in (tmp_path / "queries").rglob("*.toml")}
        second = read_json(run, "post.txt", "--accept")

    assert (first["accepted"]["directions"], first["accepted"]["claims"]) == (["forecasting-crystal-growth"], 3)
    assert second["accepted"] == {"files": [], "directions": [], "claims": 0, "already_there": 3}
    assert {path: path.read_bytes() for path in (tmp_path / "queries").rglob("*.toml")} == before
    assert not Path("drafts").exists()


def test_the_catalogue_of_an_installed_package_is_not_written(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It goes with the next version: copy it first. Nothing is asked before that is said."""
    inside = Path(resources.__file__).parent / "queries"
    monkeypatch.delenv("LITTRIAGE_QUERIES")
    shipped = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name: inside if name == "queries" else shipped(name))
    with serve() as server:
        code, _, err = run("read", "post.txt", "--accept")
        assert not server.asked

    assert code == 2
    assert "copy that folder to one of your own, and pass it with --queries" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a FILE or a folder to read"),
        (("--accept",), "no drafts in drafts"),
        (("none.txt",), "none.txt"),
        (("post.txt", "--theme", "nowhere"), 'no theme called "nowhere"'),
        (("post.txt", "--day", "soon"), "--day soon: expected a past day"),
        (("post.txt", "--day", "other.txt=2021"), "no such document"),
        (("post.txt", "--day", "2199"), "expected a past day"),
    ],
)
def test_what_cannot_be_done(run: Run, arguments: tuple[str, ...], message: str):
    """Each mistake is named, with what to do."""
    code, _, err = run("read", *arguments)

    assert code == 2
    assert message in err


def test_a_document_without_a_day(run: Run, serve: Serve):
    """Its claims are shown and not written, until --day gives one; no question is asked again for that."""
    Path("undated.txt").write_text(POST.replace(" 2021-06-10", ""), encoding="utf-8")
    with serve():
        _, out, _ = run("read", "undated.txt")
        found = read_json(run, "undated.txt", "--day", "undated.txt=2021-06")

    assert "3 claims of undated.txt have no date and are not written: pass --day" in out
    assert found["calls"] == 0
    assert {one["date"] for one in found["claims"]} == {"2021-06"}


def test_a_repost_is_said(run: Run, serve: Serve):
    """The claim stands once, with its second source; a copy read on another day is known as one."""
    with serve():
        run("read", "post.txt")
        copied = POST.replace("来源:某论坛 2021-06-10", "转自某论坛,以下是全文,略有删减。")
        Path("copy.txt").write_text(copied, encoding="utf-8")
        _, out, _ = run("read", "post.txt", "copy.txt")
        run("read", "post.txt", "--accept")
        alone = read_json(run, "copy.txt")

    assert "also in copy.txt" in out
    assert "repost of post.txt" in out
    assert "section 2 repeats section 2 of post.txt" in out
    assert {(one["document"], one["repost_of"]) for one in alone["claims"]} == {("copy.txt", "post.txt")}
    assert alone["documents"][0]["reposts"][0]["original"] == "post.txt"


def test_every_word_has_both_languages():
    """No reason and no way to find a direction is without its text."""
    from littriage.extraction.checking import REASON_ZH, Reason

    assert set(REASON_ZH) == set(Reason)
    for by in ("name", "model", "new"):
        assert say(Lang.EN, f"read_by_{by}") != say(Lang.ZH, f"read_by_{by}")


# --- the shared documents ---------------------------------------------------------------------------------------

SHARED = Path(__file__).parents[2] / "shared" / "documents"


def scripted_reader(asked: Asked) -> dict[str, Any]:
    """For each known name in the piece a true claim, and three false ones beside it."""
    data = asked.data
    text: str = data["text"]
    claims: list[dict[str, Any]] = []
    for slug, name, name_zh in data["known"]:
        for called in (name, name_zh, *ALIASES.get(slug, ())):
            at = text.find(called)
            if at >= 0 and len(claims) < 24:
                around = text[max(0, at - 5) : at + len(called) + 5].replace("\n", " ")
                claims.append(claim(slug, called, around[:80], stance="rising"))
                break
    false = [
        claim("denoising-diffusion", "a term that nobody wrote", text[:40]),
        claim("denoising-diffusion", text[3:6], "words that nobody wrote"),
        claim("denoising-diffusion", claims[0]["term"] if claims else "x", text[-30:], at=5, date="2031"),
    ]
    return {"directions": [], "claims": [*claims[:21], *false]}


ALIASES = {one.slug: one.aliases for one in load_catalogue(resources.folder("queries")).directions}


@pytest.mark.shared
def test_the_shared_documents(run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch):
    """All planted false claims are dropped, every kept one's characters hold its term, and the reposts collapse."""
    if not SHARED.is_dir():
        pytest.skip("the shared documents are not here")
    monkeypatch.setenv("LITTRIAGE_QUERIES", str(resources.folder("queries")))
    files = sorted(str(path) for path in SHARED.glob("*.txt"))
    with serve(scripted_reader):
        found = read_json(run, *files, "--day", "2021-08")

    texts = {Path(name).name: Path(name).read_text("utf-8-sig") for name in files}
    assert len(found["claims"]) > 50
    assert not any(one["reason"] == "shape" for one in found["dropped"])
    assert sum(one["reason"] in ("term", "evidence", "late") for one in found["dropped"]) >= 3 * found["answered"]
    for one in found["claims"]:
        assert one["stance"] == "rising"
        assert contains(texts[one["document"]], tuple(one["span"]), one["term"]), one
    copies = [one for one in found["claims"] if one["repost_of"]]
    assert copies
    assert {(one["document"][:3], one["repost_of"][:3], one["author"]) for one in copies} == {("003", "000", "Zhifeng")}
    assert all("003" in one["also_in"][0] for one in found["claims"] if one["also_in"])
    own = {one["direction"] for one in found["claims"] if one["document"].startswith("003") and not one["repost_of"]}
    assert own  # the other author of that document is read there
