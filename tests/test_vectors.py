"""Vectors in files: what is stored comes back, whatever happens between file and table."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from littriage import configuration
from littriage.errors import DiskFull, LittriageError, VectorsLost
from littriage.warehouse import Warehouse, vectors
from littriage.warehouse.derived import Text

DIM = 4
MODEL = "m@1"
HALF = 2**-11
"""The largest relative error of a float16."""


def unit(*seed: int) -> NDArray[np.float32]:
    """A unit row, another for each seed."""
    row = np.random.default_rng([7, *seed]).normal(size=DIM)
    return (row / np.linalg.norm(row)).astype(np.float32)


def texts(*papers: object) -> list[Text]:
    return [Text(f"{paper}", "", None, (), f"hash of {paper}") for paper in papers]


def rows(*seeds: int) -> NDArray[np.float32]:
    return np.array([unit(seed) for seed in seeds]).reshape(-1, DIM)


def keep(warehouse: Warehouse, *papers: int, model: str = MODEL, kind: str = "") -> None:
    """Each paper with the row of its number."""
    vectors.store(warehouse, texts(*papers), rows(*papers), model, kind)


def places(warehouse: Warehouse, model: str = MODEL) -> dict[str, int]:
    return dict(warehouse.rows("read/vector_places", model=model))


def kept(warehouse: Warehouse, model: str = MODEL) -> dict[str, NDArray[np.float32]]:
    """Every paper's row, as it is read."""
    found = places(warehouse, model)
    return dict(zip(found, vectors.taken(warehouse, model, list(found.values())), strict=True))


def file_of(warehouse: Warehouse, model: str = MODEL) -> Path:
    return warehouse.folder / vectors.FOLDER / warehouse.one("read/vector_file", model=model)[0]


def names(warehouse: Warehouse) -> list[str]:
    return sorted(path.name for path in (warehouse.folder / vectors.FOLDER).iterdir())


# --- stored and read --------------------------------------------------------------------------------------------


def test_rows_come_back_in_the_order_of_the_places_asked_for(warehouse: Warehouse) -> None:
    """float32, also one row twice; no places give no rows."""
    keep(warehouse, 1, 2, 3)

    np.testing.assert_array_equal(vectors.taken(warehouse, MODEL, [2, 0, 0]), rows(3, 1, 1))
    assert vectors.taken(warehouse, MODEL, []).shape == (0, 0)
    assert vectors.matrix(warehouse, "another@1").shape == (0, 0)
    assert not vectors.matrix(warehouse, MODEL).flags.writeable


def test_a_file_is_nothing_but_rows(warehouse: Warehouse) -> None:
    """Little-endian float32, one row after another."""
    keep(warehouse, 1, 2)
    keep(warehouse, 3)

    assert file_of(warehouse).read_bytes() == rows(1, 2, 3).astype("<f4").tobytes()


def test_of_rows_of_one_paper_the_last_one_stands(warehouse: Warehouse) -> None:
    """In one call and over calls."""
    vectors.store(warehouse, texts(1, 2, 1), rows(10, 20, 11), MODEL)
    np.testing.assert_array_equal(kept(warehouse)["1"], unit(11))

    vectors.store(warehouse, texts(1), rows(12), MODEL)
    np.testing.assert_array_equal(kept(warehouse)["1"], unit(12))
    np.testing.assert_array_equal(kept(warehouse)["2"], unit(20))


def test_nothing_to_store_makes_no_file(warehouse: Warehouse) -> None:
    """Neither a file nor a row of a table."""
    vectors.store(warehouse, [], np.empty((0, DIM), np.float32), MODEL)

    assert not (warehouse.folder / vectors.FOLDER).exists()
    assert vectors.healed(warehouse, MODEL) == 0
    assert vectors.tidied(warehouse, MODEL) is False


def test_vectors_of_another_shape_are_refused(warehouse: Warehouse) -> None:
    """Fewer than texts, longer than before, or of a type that no file has."""
    with pytest.raises(ValueError, match=r"2 texts came with vectors of shape \(1, 4\)"):
        vectors.store(warehouse, texts(1, 2), rows(1), MODEL)
    with pytest.raises(ValueError, match="float32 or float16, not in 'int8'"):
        keep(warehouse, 1, kind="int8")
    keep(warehouse, 1)
    with pytest.raises(ValueError, match="m@1 made vectors of 4 numbers before, and now of 5"):
        vectors.store(warehouse, texts(2), np.ones((1, 5), np.float32), MODEL)

    np.testing.assert_array_equal(kept(warehouse)["1"], unit(1))


def test_models_whose_names_look_alike_have_files_of_their_own(warehouse: Warehouse) -> None:
    """Whatever a file system makes of a name; tidying one leaves the others' files."""
    models = ["a/b", "a-b", "A-b", "a-b.1", "../a", "模型", "", "x" * 300]
    for number, model in enumerate(models):
        keep(warehouse, number, model=model)
    for model in models:
        vectors.tidied(warehouse, model, "float16")

    assert len({name.lower() for name in names(warehouse)}) == len(models)
    for number, model in enumerate(models):
        np.testing.assert_allclose(kept(warehouse, model)[f"{number}"], unit(number), rtol=2 * HALF)


def test_a_warehouse_in_memory_keeps_no_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no folder, and nothing lands in the one that the command was called in."""
    monkeypatch.chdir(tmp_path)
    with Warehouse.in_memory() as warehouse:
        with pytest.raises(ValueError, match="in memory"):
            keep(warehouse, 1)
        assert vectors.matrix(warehouse, MODEL).shape == (0, 0)

    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_in_the_current_folder_keeps_them_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--warehouse .` is a folder as any other."""
    monkeypatch.chdir(tmp_path)
    with Warehouse.open(Path()) as warehouse:
        keep(warehouse, 1)
        np.testing.assert_array_equal(kept(warehouse)["1"], unit(1))

    assert len(list((tmp_path / vectors.FOLDER).iterdir())) == 1


@pytest.mark.parametrize(("code", "expected"), [(errno.ENOSPC, DiskFull), (errno.EIO, LittriageError)])
def test_a_write_that_fails_loses_nothing(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, code: int, expected: type[LittriageError]
) -> None:
    """What was stored before is there, and the same call works when there is room."""
    keep(warehouse, 1)

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(expected, match=file_of(warehouse).name):
            keep(warehouse, 2)
        with pytest.raises(expected):
            vectors.tidied(warehouse, MODEL, "float16")
    assert len(names(warehouse)) == 1
    np.testing.assert_array_equal(kept(warehouse)["1"], unit(1))

    keep(warehouse, 2)
    np.testing.assert_array_equal(kept(warehouse)["2"], unit(2))


# --- type of number, dead rows ----------------------------------------------------------------------------------


def test_float16_takes_half_the_room_and_is_read_as_float32(warehouse: Warehouse) -> None:
    """Chosen when the file is made; later calls cannot mix types."""
    keep(warehouse, 1, 2, kind="float16")
    keep(warehouse, 3, kind="float32")

    assert file_of(warehouse).stat().st_size == 3 * DIM * 2
    assert vectors.matrix(warehouse, MODEL).dtype == np.float16
    found = vectors.taken(warehouse, MODEL, [0, 1, 2])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, rows(1, 2, 3), rtol=2 * HALF)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=3e-7)  # as that of any row of float32


def test_a_changed_setting_converts_the_file(warehouse: Warehouse) -> None:
    """There and back; what float16 has rounded stays rounded; without a wish a file stays as it is."""
    keep(warehouse, 1, 2)
    first = file_of(warehouse)

    assert vectors.tidied(warehouse, MODEL, "float16") is True
    assert vectors.tidied(warehouse, MODEL, "float16") is False
    assert vectors.tidied(warehouse, MODEL) is False
    assert not first.exists()
    assert file_of(warehouse).stat().st_size == 2 * DIM * 2
    np.testing.assert_array_equal(vectors.matrix(warehouse, MODEL), rows(1, 2).astype(np.float16))
    rounded = vectors.taken(warehouse, MODEL, [0, 1])
    np.testing.assert_allclose(rounded, rows(1, 2), rtol=2 * HALF)

    assert vectors.tidied(warehouse, MODEL, "float32") is True
    assert vectors.matrix(warehouse, MODEL).dtype == np.float32
    np.testing.assert_array_equal(vectors.taken(warehouse, MODEL, [0, 1]), rounded)


def test_dead_rows_are_dropped_when_they_are_more_than_a_quarter(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three papers with one dead row are left; with two of five they are rewritten, in their order."""
    monkeypatch.setattr(vectors, "LARGE", 1)
    keep(warehouse, 1, 2, 3, 1)
    assert vectors.tidied(warehouse, MODEL) is False
    keep(warehouse, 2)
    assert places(warehouse) == {"3": 2, "1": 3, "2": 4}

    assert vectors.tidied(warehouse, MODEL) is True
    assert places(warehouse) == {"3": 0, "1": 1, "2": 2}
    np.testing.assert_array_equal(vectors.matrix(warehouse, MODEL), rows(3, 1, 2))
    assert vectors.tidied(warehouse, MODEL) is False
    keep(warehouse, 4)
    assert places(warehouse)["4"] == 3


def test_dropping_dead_rows_of_float16_changes_no_number(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often: rows are copied as they are kept. A row of zeros is one when it is read."""
    monkeypatch.setattr(vectors, "LARGE", 1)
    vectors.store(warehouse, texts(1, 2, 1), np.array([unit(1), np.zeros(DIM), unit(3)]), MODEL, "float16")
    before = np.array(vectors.matrix(warehouse, MODEL))

    assert vectors.tidied(warehouse, MODEL) is True
    np.testing.assert_array_equal(vectors.matrix(warehouse, MODEL), before[1:])
    np.testing.assert_array_equal(kept(warehouse)["2"], np.zeros(DIM))


def test_a_small_file_may_hold_dead_rows(warehouse: Warehouse) -> None:
    """Rewriting it would win nothing."""
    for _ in range(5):
        keep(warehouse, 1)

    assert vectors.tidied(warehouse, MODEL) is False
    assert len(vectors.matrix(warehouse, MODEL)) == 5


def test_what_killed_writers_left_is_removed(warehouse: Warehouse) -> None:
    """Files of the model that do not count; those of other models, and what is no file of vectors, stay."""
    keep(warehouse, 1)
    keep(warehouse, 1, model="other@1")
    counts = file_of(warehouse)
    for name in (counts.name.replace(".1.rows", ".2.rows"), counts.name.replace(".1.rows", ".17.rows"), "notes.txt"):
        counts.with_name(name).write_bytes(b"left")

    vectors.tidied(warehouse, MODEL)
    assert names(warehouse) == sorted([counts.name, file_of(warehouse, "other@1").name, "notes.txt"])


def test_a_map_that_is_open_stays_readable(warehouse: Warehouse) -> None:
    """Whoever reads while the file is rewritten goes on with the rows that it had."""
    keep(warehouse, 1, 2)
    before = vectors.matrix(warehouse, MODEL)
    keep(warehouse, 3)
    vectors.tidied(warehouse, MODEL, "float16")

    np.testing.assert_array_equal(before, rows(1, 2))


def test_settings_know_the_types_that_files_may_have() -> None:
    """Named twice, because settings are read where numpy must not be loaded."""
    assert configuration.VECTORS == vectors.KINDS


# --- lost and healed --------------------------------------------------------------------------------------------


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def another(path: Path) -> None:
    path.write_bytes(rows(4, 5, 6, 7).tobytes())


def in_another_order(path: Path) -> None:
    path.write_bytes(rows(3, 2, 1).tobytes())


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (Path.unlink, "is gone"),
        (emptied, "is shorter than the 3 vectors"),
        (cut, "is shorter than the 3 vectors"),
        (another, "holds other vectors"),
        (in_another_order, "holds other vectors"),
    ],
)
def test_a_lost_file_is_told_and_healed(warehouse: Warehouse, harm: Callable[[Path], Any], told: str) -> None:
    """No reading and no storing goes on with it; healed, the model begins anew, and other models stay as they are."""
    keep(warehouse, 1, 2, 3)
    keep(warehouse, 1, 2, model="other@1")
    path = file_of(warehouse)
    harm(path)
    found = path.read_bytes() if path.exists() else None
    for use in (
        lambda: vectors.taken(warehouse, MODEL, [0]),
        lambda: vectors.matrix(warehouse, MODEL),
        lambda: vectors.before(warehouse, MODEL, date(2024, 1, 1)),
        lambda: keep(warehouse, 4),
        lambda: vectors.tidied(warehouse, MODEL, "float16"),
    ):
        with pytest.raises(VectorsLost, match=told) as raised:
            use()
        assert f"{path}" in raised.value.message
        assert 'run "littriage embed"' in raised.value.message

    assert vectors.healed(warehouse, MODEL) == 3
    assert places(warehouse) == {}
    assert vectors.healed(warehouse, MODEL) == 0
    keep(warehouse, 2, 4)
    assert {paper: row.tolist() for paper, row in kept(warehouse).items()} == {
        "2": unit(2).tolist(),
        "4": unit(4).tolist(),
    }
    np.testing.assert_array_equal(kept(warehouse, "other@1")["2"], unit(2))
    assert not found or path.with_name(f"{path.name}.unfit").read_bytes() == found


def test_a_warehouse_copied_without_its_vectors_makes_them_anew(warehouse: Warehouse, tmp_path: Path) -> None:
    """Into an empty folder, and into that of another warehouse, whose rows are not taken for its own."""
    keep(warehouse, 1, 2)
    warehouse.connection.execute("checkpoint")
    with Warehouse.open(tmp_path / "beside") as other:
        keep(other, 3, 4, 5)
        rows_of_other = file_of(other).read_bytes()
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "beside", tmp_path / "empty"):
        shutil.copy(warehouse.path, folder)
        with Warehouse.open(folder) as copy:
            assert vectors.healed(copy, MODEL) == 2
            keep(copy, 1)
            np.testing.assert_array_equal(kept(copy)["1"], unit(1))

    left = [path.read_bytes() for path in (tmp_path / "beside" / vectors.FOLDER).iterdir()]
    assert rows_of_other in left


def test_an_older_copy_of_the_database_reads_the_file_that_has_grown(warehouse: Warehouse, tmp_path: Path) -> None:
    """Its rows are still the first ones; then the newer database finds that they are no longer its own."""
    keep(warehouse, 1, 2)
    warehouse.connection.execute("checkpoint")
    shutil.copy(warehouse.path, tmp_path / "older.duckdb")
    keep(warehouse, 3)
    warehouse.connection.execute("checkpoint")
    shutil.copytree(warehouse.folder, tmp_path / "copy")
    shutil.copy(tmp_path / "older.duckdb", tmp_path / "copy" / warehouse.path.name)

    with Warehouse.open(tmp_path / "copy") as older:
        assert vectors.healed(older, MODEL) == 0
        np.testing.assert_array_equal(kept(older)["2"], unit(2))
        keep(older, 4)
    shutil.copy(warehouse.path, tmp_path / "copy")
    with Warehouse.open(tmp_path / "copy") as newer:
        assert vectors.healed(newer, MODEL) == 3


def test_a_file_that_cannot_be_opened_is_not_given_up(warehouse: Warehouse) -> None:
    """A failing disk, or missing rights, may pass: nothing is forgotten."""
    keep(warehouse, 1)
    path = file_of(warehouse)
    path.rename(path.with_suffix(".away"))
    path.mkdir()

    with pytest.raises(LittriageError, match="cannot be read") as raised:
        vectors.healed(warehouse, MODEL)
    assert not isinstance(raised.value, VectorsLost)
    path.rmdir()
    path.with_suffix(".away").rename(path)
    np.testing.assert_array_equal(kept(warehouse)["1"], unit(1))


# --- slices -----------------------------------------------------------------------------------------------------


def test_blocks_give_each_papers_row_and_copy_only_what_lies_apart(warehouse: Warehouse) -> None:
    """At most so many at a time; rows that lie together are the file's own memory."""
    keep(warehouse, *range(7))
    own = vectors.Slice(
        np.array(["0", "1", "2", "4", "6"], object), np.array([0, 1, 2, 4, 6]), vectors.matrix(warehouse, MODEL)
    )

    found = list(own.blocks(3))
    assert [papers for papers, _ in found] == [slice(0, 3), slice(3, 5)]
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), rows(0, 1, 2, 4, 6))
    assert [np.shares_memory(block, own.rows) for _, block in found] == [True, False]
    assert own.bitmap().tolist() == [0b1010111]


def test_blocks_of_float16_are_float32(warehouse: Warehouse) -> None:
    """Converted a block at a time."""
    keep(warehouse, 1, 2, kind="float16")
    own = vectors.Slice(np.array(["1", "2"], object), np.array([0, 1]), vectors.matrix(warehouse, MODEL))

    ((_, block),) = own.blocks()
    assert block.dtype == np.float32
    np.testing.assert_allclose(block, rows(1, 2), rtol=2 * HALF)


def test_papers_before_a_day(warehouse: Warehouse) -> None:
    """Not those of the day itself, nor withdrawn ones; in the order of the file; before the first day none."""
    warehouse.insert(
        "paper",
        {
            "id": ["1", "2", "3", "4"],
            "published": [date(2021, 4, 5), date(2021, 4, 4), date(2021, 1, 1), date(2021, 1, 2)],
            "not_counted": [None, None, None, "withdrawn"],
        },
        title="T", authors=["A"], categories=["cs.CL"], date_kind="submitted", month=date(2021, 4, 1), text_hash="h",
        source="s", in_field=True,
    )  # fmt: skip
    keep(warehouse, 1, 2, 3, 4)

    found = vectors.before(warehouse, MODEL, date(2021, 4, 5))
    assert (found.ids.tolist(), found.places.tolist()) == (["2", "3"], [1, 2])
    np.testing.assert_array_equal(next(found.blocks())[1], rows(2, 3))
    nothing = vectors.before(warehouse, MODEL, date(2020, 1, 1))
    assert list(nothing.blocks()) == []
    assert nothing.bitmap().tolist() == [0]


# --- laws -------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here: nothing that comes after is done."""


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Ends the work at the step of that number: a file is settled, a transaction begun or committed, a file removed."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    settle, remove, transaction = vectors.settle, vectors._remove, Warehouse.transaction

    def settled(*given: Any) -> None:
        count()
        settle(*given)
        count()

    def removed(path: Path) -> None:
        count()
        remove(path)

    @contextmanager
    def watched(self: Warehouse) -> Iterator[None]:
        count()
        with transaction(self):
            yield
            count()
        count()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(vectors, "settle", settled)
        patched.setattr(vectors, "_remove", removed)
        patched.setattr(Warehouse, "transaction", watched)
        try:
            yield
        except Killed:
            return


PAPERS = st.lists(st.integers(0, 5), max_size=5)
STEPS = st.one_of(
    st.tuples(st.just("store"), PAPERS, st.sampled_from(["", "float16"])),
    st.tuples(st.just("tidy"), st.just([]), st.sampled_from(["", "float32", "float16"])),
    st.tuples(st.just("lose"), st.just([]), st.just("")),
)
NEVER = 99


@given(st.lists(st.tuples(STEPS, st.integers(0, 8) | st.just(NEVER)), max_size=8), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_paper_has_its_newest_vector_whatever_was_killed(
    shared: tuple[Warehouse, Iterator[int]], steps: list[tuple[tuple[str, list[int], str], int]], data: st.DataObject
) -> None:
    """Any order of storing, changing, converting, dropping and losing, each cut off anywhere and done again."""
    warehouse, numbers = shared
    model = f"law@{next(numbers)}"
    newest: dict[str, int] = {}
    seed = 0
    for (what, papers, kind), kill in steps:
        seed += 10
        new = {f"{paper}": seed + place for place, paper in enumerate(papers)}
        if what == "lose":
            if places(warehouse, model):
                file_of(warehouse, model).unlink()
                assert vectors.healed(warehouse, model) == len(newest)
            newest = {}
            continue
        for one in (kill, NEVER):
            with killed_at(one):
                if what == "tidy":
                    vectors.tidied(warehouse, model, kind)
                else:
                    vectors.store(
                        warehouse, texts(*papers), rows(*(seed + place for place, _ in enumerate(papers))), model, kind
                    )
            found = kept(warehouse, model)
            assert holds(found, newest | new) or (one != NEVER and holds(found, newest))
        newest |= new
        assert warehouse.rows("checks/vectors_lie_in_their_file") == []
    if vectors.tidied(warehouse, model) or newest:
        assert sum(name.startswith(f"{vectors._stem(model)}.") for name in names(warehouse)) == 1
    at = places(warehouse, model)
    order = data.draw(st.lists(st.sampled_from(sorted(newest)), max_size=8)) if newest else []
    for paper, row in zip(order, vectors.taken(warehouse, model, [at[paper] for paper in order]), strict=True):
        assert like(row, newest[paper])


def like(row: NDArray[np.float32], seed: int) -> bool:
    """Whether it is the row of that seed, rounded to float16 or not."""
    return bool(np.allclose(row, unit(seed), rtol=4 * HALF, atol=1e-6))


def holds(found: dict[str, NDArray[np.float32]], wanted: dict[str, int]) -> bool:
    """Whether these papers have these rows, and no others have any."""
    return set(found) == set(wanted) and all(like(found[paper], seed) for paper, seed in wanted.items())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, Iterator[int]]]:
    """A warehouse for many examples, and a new number for each one's model."""
    with pytest.MonkeyPatch.context() as patched, Warehouse.open(tmp_path_factory.mktemp("shared") / "w") as opened:
        patched.setattr(vectors, "LARGE", 1)
        patched.setattr(os, "fsync", lambda _: None)  # thousands of them: nothing here outlives a cut of the power
        (opened.folder / vectors.FOLDER).mkdir()
        yield opened, iter(range(10**6))


@pytest.mark.parametrize("step", range(8))
def test_a_rewriting_that_is_killed_leaves_every_vector(warehouse: Warehouse, step: int) -> None:
    """Before it is in force the old file counts, after it the new one; done again, one file is there."""
    keep(warehouse, 1, 2, 1)
    old = file_of(warehouse)
    with killed_at(step):
        vectors.tidied(warehouse, MODEL, "float16")
    assert holds(kept(warehouse), {"1": 1, "2": 2})
    assert warehouse.rows("checks/vectors_lie_in_their_file") == []

    vectors.tidied(warehouse, MODEL, "float16")
    assert holds(kept(warehouse), {"1": 1, "2": 2})
    assert names(warehouse) == [file_of(warehouse).name] != [old.name]


@pytest.mark.parametrize("step", range(16))
def test_taking_over_an_older_warehouse_goes_on_where_it_was_killed(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every vector arrives once it is done, of two models, and none is left in the database."""
    monkeypatch.setattr(vectors, "_AT_ONCE", 2)
    for model, count in (("a@1", 5), ("b@1", 1)):
        warehouse.insert(
            "vector_blob",
            {
                "paper_id": [f"{paper}" for paper in range(count)],
                "value": [unit(paper).tobytes() for paper in range(count)],
            },
            model=model, dim=DIM, text_hash="h",
        )  # fmt: skip
    with killed_at(step):
        vectors.take_over_blobs(warehouse)
    vectors.take_over_blobs(warehouse)

    assert warehouse.rows("read/vector_blob_models") == []
    for model, count in (("a@1", 5), ("b@1", 1)):
        found = kept(warehouse, model)
        assert sorted(found) == [f"{paper}" for paper in range(count)]
        for paper, row in found.items():
            np.testing.assert_array_equal(row, unit(int(paper)))


def test_taking_over_goes_on_though_its_file_was_lost(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was in the file is embedded again; the rest is taken over, and the warehouse opens."""
    monkeypatch.setattr(vectors, "_AT_ONCE", 2)
    warehouse.insert(
        "vector_blob",
        {"paper_id": ["1", "2", "3"], "value": [unit(paper).tobytes() for paper in (1, 2, 3)]},
        model=MODEL, dim=DIM, text_hash="h",
    )  # fmt: skip
    with killed_at(8):  # two are in the file and out of the database
        vectors.take_over_blobs(warehouse)
    assert (sorted(places(warehouse)), warehouse.rows("read/vector_blob_models")) == (["1", "2"], [(MODEL, 1)])
    file_of(warehouse).unlink()
    vectors.take_over_blobs(warehouse)

    assert {paper: row.tolist() for paper, row in kept(warehouse).items()} == {"3": unit(3).tolist()}
