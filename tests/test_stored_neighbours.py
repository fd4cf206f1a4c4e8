"""Graphs of neighbours in files: what is asked for again costs nothing, what is new is added, what is lost is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from littriage.warehouse import Warehouse, vectors
from littriage.warehouse import neighbours as stored
from littriage.warehouse.derived import Text
from littriage.warehouse.neighbours import FOLDER, current

MODEL = "m@1"


def unit_rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def keep(warehouse: Warehouse, first: int, count: int, text: str = "t") -> None:
    texts = [Text(f"p{number:03d}", "", None, (), text) for number in range(first, first + count)]
    vectors.store(warehouse, texts, unit_rows(count, seed=first + len(text)), MODEL)


def is_right(warehouse: Warehouse, graph: stored.StoredGraph, k: int) -> None:
    """Its cosines are the highest that there are."""
    rows = vectors.taken(warehouse, MODEL, graph.places)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    np.testing.assert_allclose(graph.neighbours.cosines, -np.sort(-cosines, axis=1)[:, :k], atol=1e-6)


def files(warehouse: Warehouse) -> list[Path]:
    return sorted((warehouse.folder / FOLDER).iterdir())


class Refused(Exception):
    pass


def refuse(*_: Any, **__: Any) -> Any:
    raise Refused


def test_a_graph_that_is_asked_for_again_is_read_and_not_made(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(warehouse, 0, 40)
    made = current(warehouse, MODEL, range(40), seed=1, k=5)
    is_right(warehouse, made, 5)
    monkeypatch.setattr(stored, "neighbours", refuse)
    monkeypatch.setattr(stored, "updated", refuse)
    again = current(warehouse, MODEL, range(39, -1, -1), seed=1, k=5)
    np.testing.assert_array_equal(again.places, made.places)
    np.testing.assert_array_equal(again.neighbours.indices, made.neighbours.indices)
    np.testing.assert_array_equal(again.neighbours.cosines, made.neighbours.cosines)


def test_new_papers_are_added_behind_the_old_ones(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(warehouse, 0, 40)
    current(warehouse, MODEL, range(40), seed=1, k=5)
    keep(warehouse, 40, 3)
    monkeypatch.setattr(stored, "neighbours", refuse)
    grown = current(warehouse, MODEL, range(43), seed=1, k=5)
    assert grown.places[40:].tolist() == [40, 41, 42]
    is_right(warehouse, grown, 5)
    assert len(files(warehouse)) == 1


def test_papers_that_are_no_longer_asked_for_and_changed_texts_leave_the_graph(warehouse: Warehouse) -> None:
    keep(warehouse, 0, 40)
    current(warehouse, MODEL, range(40), seed=1, k=5)
    keep(warehouse, 7, 1, text="another")  # place 40 now, and 7 is nobody's
    left = current(warehouse, MODEL, [place for place in range(41) if place not in (3, 7)], seed=1, k=5)
    assert set(left.places.tolist()) == {*range(41)} - {3, 7}
    is_right(warehouse, left, 5)


def test_a_rewritten_file_of_vectors_moves_places_and_costs_no_neighbours(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(warehouse, 0, 20)
    keep(warehouse, 0, 5, text="another")
    made = current(warehouse, MODEL, range(5, 25), seed=1, k=5)
    assert vectors.tidied(warehouse, MODEL, "float16")  # without the five dead rows
    monkeypatch.setattr(stored, "neighbours", refuse)
    monkeypatch.setattr(stored, "updated", refuse)
    moved = current(warehouse, MODEL, range(20), seed=1, k=5)
    np.testing.assert_array_equal(moved.places, made.places - 5)
    np.testing.assert_array_equal(moved.neighbours.indices, made.neighbours.indices)


def test_an_approximate_graph_comes_back_with_its_lists(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(warehouse, 0, 300)
    approximate = stored.neighbours(vectors.matrix(warehouse, MODEL), 5, seed=1, exact_up_to=0)
    monkeypatch.setattr(stored, "neighbours", lambda *_, **__: approximate)
    current(warehouse, MODEL, range(300), seed=1, k=5)
    found = current(warehouse, MODEL, range(300), seed=1, k=5).neighbours
    assert found.lists
    assert approximate.lists
    assert found.method == approximate.method
    assert found.recall == approximate.recall
    np.testing.assert_array_equal(found.lists.centres, approximate.lists.centres)
    np.testing.assert_array_equal(found.lists.of, approximate.lists.of)
    assert found.lists.reach == approximate.lists.reach
    assert warehouse.connection.execute("select rows, k, method from neighbour_graph").fetchall() == [
        (300, 5, approximate.method)
    ]


def test_another_seed_or_number_of_neighbours_is_another_graph(warehouse: Warehouse) -> None:
    keep(warehouse, 0, 20)
    current(warehouse, MODEL, range(20), seed=1, k=5)
    wider = current(warehouse, MODEL, range(20), seed=1, k=7)
    assert wider.neighbours.indices.shape == (20, 7)
    is_right(warehouse, wider, 7)
    assert len(files(warehouse)) == 1


@pytest.mark.parametrize("damage", ["gone", "cut", "bytes"])
def test_a_graph_that_is_lost_or_damaged_is_made_anew(warehouse: Warehouse, damage: str) -> None:
    keep(warehouse, 0, 20)
    made = current(warehouse, MODEL, range(20), seed=1, k=5)
    (path,) = files(warehouse)
    content = path.read_bytes()
    match damage:
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(content[:700])
        case _:
            path.write_bytes(
                content.replace(made.neighbours.indices.tobytes(), made.neighbours.indices[::-1].tobytes())
            )
            assert path.read_bytes() != content
    is_right(warehouse, current(warehouse, MODEL, range(20), seed=1, k=5), 5)
    assert path.read_bytes() == content


def test_killed_before_the_table_knows_the_new_file_the_old_graph_stands(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(warehouse, 0, 20)
    current(warehouse, MODEL, range(20), seed=1, k=5)
    old = files(warehouse)
    keep(warehouse, 20, 2)
    with monkeypatch.context() as patched:
        patched.setattr(warehouse, "insert", refuse)
        with pytest.raises(Refused):
            current(warehouse, MODEL, range(22), seed=1, k=5)
    assert len(files(warehouse)) == 2
    monkeypatch.setattr(stored, "neighbours", refuse)  # the old graph is there to build upon
    is_right(warehouse, current(warehouse, MODEL, range(22), seed=1, k=5), 5)
    assert len(files(warehouse)) == 1
    assert files(warehouse) != old


def test_killed_while_the_new_file_is_written_the_old_graph_stands(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(warehouse, 0, 20)
    current(warehouse, MODEL, range(20), seed=1, k=5)
    keep(warehouse, 20, 2)
    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", lambda file, **_: (file.write(b"half"), refuse()))
        with pytest.raises(Refused):
            current(warehouse, MODEL, range(22), seed=1, k=5)
    monkeypatch.setattr(stored, "neighbours", refuse)
    is_right(warehouse, current(warehouse, MODEL, range(22), seed=1, k=5), 5)
    assert len(files(warehouse)) == 1


def test_two_models_have_each_their_own_graph(warehouse: Warehouse) -> None:
    keep(warehouse, 0, 20)
    vectors.store(warehouse, [Text(f"p{n:03d}", "", None, (), "t") for n in range(9)], unit_rows(9, 5), "other@1")
    current(warehouse, MODEL, range(20), seed=1, k=5)
    assert len(current(warehouse, "other@1", range(9), seed=1, k=5).places) == 9
    assert len(files(warehouse)) == 2


def test_no_papers_have_no_neighbours_and_nothing_is_kept(warehouse: Warehouse) -> None:
    nothing = current(warehouse, MODEL, [], seed=1)
    assert nothing.neighbours.indices.shape == (0, 15)
    assert not (warehouse.folder / FOLDER).exists()


def test_places_that_are_no_papers_or_stand_twice_are_refused(warehouse: Warehouse) -> None:
    keep(warehouse, 0, 4)
    keep(warehouse, 0, 1, text="another")
    with pytest.raises(ValueError, match="stands twice"):
        current(warehouse, MODEL, [1, 2, 1], seed=1)
    for place in (0, 5):  # of the text before, and behind the last
        with pytest.raises(ValueError, match="hold no paper's vector"):
            current(warehouse, MODEL, [1, place], seed=1)
