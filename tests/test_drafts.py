from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from littriage.directions import load_catalogue, parse_claims, parse_direction
from littriage.drafts import (
    CLAIMS,
    NO_THEME,
    DraftFile,
    accept,
    claim_block,
    direction_toml,
    read_drafts,
    write_drafts,
)
from littriage.errors import DirectionError, SettingsError
from littriage.model import Claim, Direction, Exemplar, Query, Stance

THEME = 'name = "Graphs"\nname_zh = "图"\nscope = "All of graphs."\n'
WALKS = """# written by hand
name = "Walks"
name_zh = "游走"
scope = '''On   grids.'''      # odd, and kept
[query]
all_of = [["random walk"]]"""


def claim(**changes: object) -> Claim:
    values: dict[str, object] = {
        "direction": "walks",
        "document": "帖子.txt",
        "author": "王小明",
        "date": "2021-06",
        "window": ("2021-06", "2021-06"),
        "stance": Stance.HOT,
        "paraphrase": 'Everybody walks, "they say".',
        "locator": "section 2, characters 3-9",
        "span": (3, 9),
        "paraphrase_zh": "人人都在走。",
    }
    return Claim(**(values | changes))  # type: ignore[arg-type]


def blocks(claims: Iterable[Claim]) -> str:
    """A file of claims as `write_drafts` makes it of its blocks."""
    return "\n\n".join(claim_block(one, with_direction=True) for one in claims) + "\n"


NEW = Direction(
    slug="crystals", theme="graphs", name="Crystals", name_zh="晶体", scope="How crystals grow.",
    query=Query((("crystal growth", "crystal \\ growing"), ("forecast",)), ("melt",), ("cs.LG",)),
    exemplars=(Exemplar("How crystals grow", 2021, "2101.00001", checked=False), Exemplar("No id", 1999)),
    claims=(claim(direction="crystals"),), aliases=("crystal growth",),
)  # fmt: skip


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    """A catalogue with one direction, its file written by a person."""
    theme = tmp_path / "queries" / "graphs"
    theme.mkdir(parents=True)
    (theme / "_theme.toml").write_text(THEME, encoding="utf-8")
    (theme / "walks.toml").write_text(WALKS, encoding="utf-8")
    return tmp_path / "queries"


def draft(theme: str = "graphs") -> DraftFile:
    return DraftFile(theme, "crystals", direction_toml(NEW, ["a comment\nof two lines"]))


# --- TOML -------------------------------------------------------------------------------------------------------

_LINES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200).map(
    lambda text: " ".join(text.split())
).filter(bool)  # fmt: skip
_WORDS = st.from_regex(r'[a-z"\\图#]{0,8}[a-z][ -~图]{0,30}', fullmatch=True).map(lambda text: " ".join(text.split()))


@given(name=_LINES, scope=_LINES, phrase=_WORDS, said=_LINES, zh=_LINES, span=st.none() | st.just((0, 7)))
def test_a_written_direction_reads_back(
    name: str, scope: str, phrase: str, said: str, zh: str, span: tuple[int, int] | None
):
    """Whatever stands in its texts, the file gives the same direction, claims included."""
    made = Direction(
        "d", "t", name, zh, scope, Query(((phrase,),)), (Exemplar(name, 2021),),
        (claim(direction="d", paraphrase=said, paraphrase_zh=zh, author=name, span=span, repost_of=zh, inferred=True),),
    )  # fmt: skip

    assert parse_direction(direction_toml(made), slug="d", theme="t", where="d") == made


def test_a_whole_direction_reads_back():
    """Every key that the format has, in the words of the format."""
    text = direction_toml(NEW, ["why"])

    assert parse_direction(text, slug="crystals", theme="graphs", where="x") == NEW
    assert text.startswith('# why\nname = "Crystals"\n')


def test_claims_read_back():
    """A file of claims, each with its direction; one without is refused."""
    claims = (claim(), claim(direction="其他", repost_of="a.txt", span=None))

    assert parse_claims(blocks(claims), where="c") == claims
    with pytest.raises(DirectionError, match="direction: found nothing"):
        parse_claims(direction_toml(NEW).partition("[[claims]]")[1] + '\ndocument = "a"', where="c")


@pytest.mark.parametrize("span", ["[3]", "[5, 5]", "[-1, 4]", '["a", "b"]', "[1.0, 2.0]", "[true, 2]", "3"])
def test_a_bad_span_is_refused(span: str):
    """Two whole numbers, the second the greater."""
    with pytest.raises(DirectionError, match="span"):
        parse_claims(blocks([claim()]).replace("[3, 9]", span), where="c")


# --- drafts -----------------------------------------------------------------------------------------------------


def test_drafts_are_written_and_read(tmp_path: Path):
    """What is written stands there to be reviewed, and reads back."""
    made = write_drafts(tmp_path, [draft(NO_THEME)], [claim()])

    assert [path.relative_to(tmp_path).as_posix() for path in made.written] == ["new/crystals.toml", "claims.toml"]
    drafts, claims = read_drafts(tmp_path, "graphs")
    assert drafts == (draft(),)
    assert claims == (claim(),)


def test_a_reviewed_draft_is_kept(tmp_path: Path):
    """A draft that a person has changed is not overwritten; new claims join those that stand there."""
    write_drafts(tmp_path, [draft()], [claim()])
    path = tmp_path / "graphs" / "crystals.toml"
    path.write_text(path.read_text("utf-8").replace("Crystals", "Fine crystals"), encoding="utf-8")
    claims = tmp_path / CLAIMS
    claims.write_text(f"# mine\n{claims.read_text('utf-8')}", encoding="utf-8")

    made = write_drafts(tmp_path, [draft()], [claim(), claim(stance=Stance.LIMITED)])

    assert made.kept == (path,)
    assert "Fine crystals" in path.read_text("utf-8")
    assert claims.read_text("utf-8").startswith("# mine\n[[claims]]")
    assert [one.stance for one in read_drafts(tmp_path)[1]] == [Stance.HOT, Stance.LIMITED]
    assert write_drafts(tmp_path, [], [claim()]).unchanged == (claims,)


def test_no_drafts(tmp_path: Path):
    """A folder without drafts is an error that says what writes them."""
    with pytest.raises(SettingsError, match="littriage read FILE"):
        read_drafts(tmp_path)


# --- accepting --------------------------------------------------------------------------------------------------


def test_accepted_claims_leave_the_rest_of_the_file(queries: Path):
    """The file goes on after its last byte; comments and odd spellings stay."""
    done = accept(queries, [], [claim()])

    text = (queries / "graphs" / "walks.toml").read_text("utf-8")
    assert text.startswith(f"{WALKS}\n\n[[claims]]\n")
    assert (done.claims, done.known) == (1, 0)
    assert load_catalogue(queries).directions[0].claims == (claim(),)


def test_accepting_twice_is_accepting_once(queries: Path):
    """The same drafts and claims again change no byte."""
    accept(queries, [draft()], [claim()])
    before = {path: path.read_bytes() for path in queries.rglob("*.toml")}

    done = accept(queries, [draft()], [claim(), claim(locator="elsewhere"), claim(span=None)])

    assert (done.files, done.directions, done.claims, done.known) == ((), (), 0, 4)
    assert {path: path.read_bytes() for path in queries.rglob("*.toml")} == before


def test_line_ends_stay_as_they_are(queries: Path):
    """A file from another system keeps its kind of line ends."""
    path = queries / "graphs" / "walks.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WALKS.replace("\n", "\r\n").encode())

    accept(queries, [], [claim()])

    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    assert load_catalogue(queries).directions[0].claims == (claim(),)


def test_a_claim_on_a_theme_goes_into_its_file(queries: Path):
    """Themes hold claims too."""
    accept(queries, [], [claim(direction="graphs")])

    assert load_catalogue(queries).themes[0].claims == (claim(direction="graphs"),)


@pytest.mark.parametrize(
    ("drafts", "claims", "problem"),
    [
        ([DraftFile(NO_THEME, "crystals", direction_toml(NEW))], [], "--theme"),
        ([], [claim(direction="nowhere")], "nowhere"),
        ([DraftFile("graphs", "crystals", 'name = "x"')], [], "name_zh"),
        ([DraftFile("graphs", "graphs", direction_toml(NEW)), draft()], [claim(direction="nowhere")], "nowhere"),
    ],
)
def test_all_or_nothing(queries: Path, drafts: list[DraftFile], claims: list[Claim], problem: str):
    """Where anything is wrong, nothing is written."""
    before = {path: path.read_bytes() for path in queries.rglob("*") if path.is_file()}

    with pytest.raises((DirectionError, SettingsError), match=problem):
        accept(queries, drafts, [claim(), *claims])

    assert {path: path.read_bytes() for path in queries.rglob("*") if path.is_file()} == before


def test_a_file_that_cannot_take_a_table_is_left_alone(queries: Path):
    """A file whose claims are a list in one line would not load with a table after it: refused as a whole."""
    path = queries / "graphs" / "walks.toml"
    text = f"claims = []\n{WALKS}"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DirectionError, match="nothing was written"):
        accept(queries, [draft()], [claim()])

    assert path.read_text("utf-8") == text
    assert not (queries / "graphs" / "crystals.toml").exists()
