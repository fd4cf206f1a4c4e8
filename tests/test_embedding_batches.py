"""Texts to batches, precisions, recipes, processes, and the stage: what is around a model; at most with a tiny one."""

from __future__ import annotations

import importlib.util
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeEmbedder
from littriage import configuration, embedding, pipeline
from littriage.embedding import DeviceWorkers, Encoded, device_names, encode_shard, load_transformer, packaged_minilm
from littriage.embedding import networks as nets
from littriage.embedding.batches import Tokens, filled, tokenized, windows
from littriage.embedding.recipes import again
from littriage.errors import ModelUnavailable, SettingsError, WorkersUnavailable
from littriage.model import Catalogue
from littriage.progress import Quiet
from littriage.run import Run
from littriage.warehouse import Warehouse, derived, vectors
from littriage.workers import AHEAD

TEXTS = [
    "soup with basil",
    "a",
    "",
    "对抗样本",
    "  adversarial   examples fool classifiers  ",
    "word " * 60,
    "tomato soup",
]


# --- batches ----------------------------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(0, 40), max_size=30),
    budget=st.integers(1, 100),
    multiple=st.sampled_from([1, 8]),
)
@settings(max_examples=60)
def test_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int, multiple: int) -> None:
    """With the padding; a text that is too long for any batch has one of its own."""
    batches = list(filled(np.array(lengths, np.int64), budget, multiple))

    assert sorted(int(text) for batch in batches for text in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = -(-max(lengths[text] for text in batch) // multiple) * multiple
        assert len(batch) == 1 or longest * len(batch) <= budget


def test_a_batch_is_as_full_as_the_budget_allows() -> None:
    """Longest first: 5 alone would leave room for nothing; two of 3; two of 1 or 2."""
    assert [batch.tolist() for batch in filled(np.array([1, 3, 5, 3, 2]), 6)] == [[2], [1, 3], [4, 0]]


def test_texts_are_padded_at_the_right() -> None:
    """Rows of one length, a multiple of what the device likes, and where the tokens are."""
    tokens = Tokens(np.array([7, 8, 9, 5]), np.array([0, 3, 3, 4]))
    ids, mask = tokens.padded(np.array([2, 0, 1]), 4, 1)

    assert ids.tolist() == [[5, 1, 1, 1], [7, 8, 9, 1], [1, 1, 1, 1]]
    assert mask.sum(axis=1).tolist() == [1, 3, 0]
    assert ids[mask].tolist() == [5, 7, 8, 9]


@pytest.mark.parametrize("texts", [1, 3, 4, 20])
def test_windows_hold_the_tokens_of_all_texts(monkeypatch: pytest.MonkeyPatch, texts: int) -> None:
    """Whatever their number, the windows in a row are what tokenizing all at once gives."""
    from tokenizers import Tokenizer

    monkeypatch.setattr("littriage.embedding.batches.FIRST_WINDOW", 3)
    monkeypatch.setattr("littriage.embedding.batches.WINDOW", 5)
    tokenizer = Tokenizer.from_file(str(packaged_minilm() / "tokenizer.json"))
    tokenizer.no_padding()
    given = [f"{TEXTS[number % 7]} {number}" for number in range(texts)]
    found = list(windows(tokenizer, given))
    whole = tokenized(tokenizer, given)

    assert [first for first, _ in found] == [0, 3, 8, 13, 18][: len(found)]
    assert np.array_equal(np.concatenate([one.ids for _, one in found]), whole.ids)
    assert np.array_equal(np.concatenate([one.lengths for _, one in found]), whole.lengths)


# --- precisions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("precision", "device", "converts", "bf16", "chosen"),
    [
        ("auto", "cpu", False, True, "float32"),
        ("auto", "cpu", True, True, "bf16"),
        ("auto", "cpu", True, False, "int8"),
        ("auto", "mps", True, True, "float32"),
        ("auto", "cuda:1", False, True, "bf16"),
        ("auto", "cuda", False, False, "fp16"),
        ("float32", "cuda", False, True, "float32"),
        ("float32", "cpu", True, True, "float32"),
        ("int8", "cpu", True, True, "int8"),
        ("fp16", "mps", False, False, "fp16"),
    ],
)
def test_precision_by_device(
    monkeypatch: pytest.MonkeyPatch, precision: str, device: str, converts: bool, bf16: bool, chosen: str
) -> None:
    """What is asked for is taken; `auto` is what the device is fast at without losing more than 0.001 of a cosine."""
    monkeypatch.setattr(nets, "_has_bf16", lambda: bf16)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda **_: bf16)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")

    assert nets.chosen_precision(precision, device, converts) == chosen


@pytest.mark.parametrize(
    ("precision", "device", "converts", "message"),
    [
        ("int8", "cpu", False, r"littriage\[cpu\]"),
        ("int8", "cuda", True, "needs a CPU"),
        ("fp16", "cpu", True, "is for GPUs"),
    ],
)
def test_a_precision_that_cannot_be_had_is_refused(precision: str, device: str, converts: bool, message: str) -> None:
    """With what to take instead."""
    with pytest.raises(SettingsError, match=message):
        nets.chosen_precision(precision, device, converts)


def test_a_precision_that_there_is_not_is_refused_with_the_settings() -> None:
    """Before any model is loaded."""
    with pytest.raises(SettingsError, match="there is no precision 'int4': take auto, float32"):
        configuration.settings_from({"LITTRIAGE_PRECISION": "int4"})


# --- a tiny transformer -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a sentence-transformers model of two small layers with made-up weights, by its pooling."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    base = tmp_path_factory.mktemp("tiny")
    config = BertConfig(
        vocab_size=30_522, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(base / "base")
    BertTokenizerFast.from_pretrained(str(packaged_minilm())).save_pretrained(str(base / "base"))
    found = {}
    for pooling in ("mean", "cls", "max"):
        parts = [Transformer(str(base / "base"), max_seq_length=24), Pooling(32, pooling), Normalize()]
        found[pooling] = base / pooling
        SentenceTransformer(modules=parts, device="cpu").save_pretrained(str(base / pooling))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("pooling", "direct"), [("mean", True), ("cls", True), ("max", False)])
def test_a_model_gives_what_sentence_transformers_gives(
    tiny: dict[str, Path], monkeypatch: pytest.MonkeyPatch, pooling: str, direct: bool
) -> None:
    """In the order of the texts, long ones cut alike, in one batch or many; it runs unknown parts itself."""
    from sentence_transformers import SentenceTransformer

    ours = load_transformer(str(tiny[pooling]), "cpu", "float32")
    plain = SentenceTransformer(str(tiny[pooling]), device="cpu").encode(TEXTS)

    assert (ours.parts.network is not None) == direct
    assert np.abs(ours.encode(TEXTS) - plain).max() < 1e-6
    assert np.array_equal(ours.encode(TEXTS), ours.encode(TEXTS))
    if ours.parts.network is not None:
        tokens = ours.counted(TEXTS).tokens
        assert tokens == 5 + 3 + 2 + 6 + ours.counted([TEXTS[4]]).tokens + 24 + 4
        ours.parts.network.tokens = 30
        monkeypatch.setattr("littriage.embedding.batches.FIRST_WINDOW", 2)
        monkeypatch.setattr("littriage.embedding.batches.WINDOW", 3)
        assert np.abs(ours.encode(TEXTS) - plain).max() < 1e-6
        assert ours.counted(TEXTS).tokens == tokens


@pytest.mark.slow
def test_vectors_of_another_precision_go_by_another_name(tiny: dict[str, Path]) -> None:
    """Float32 has the model's plain name; what differs by more than rounding must not be mixed with it."""
    single, half = (load_transformer(str(tiny["mean"]), "cpu", precision) for precision in ("float32", "bf16"))

    assert half.model == f"{single.model}-bf16"
    assert single.model.startswith("local-mean@")
    cosines = (single.encode(TEXTS) * half.encode(TEXTS)).sum(axis=1)
    assert 0.99 < cosines.min() < 1
    assert np.allclose(np.linalg.norm(half.encode(TEXTS), axis=1), 1)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_openvino_gives_the_same_vectors_and_keeps_what_it_converted(
    tiny: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    """To rounding in float32, nearly in 8 bits; the second time it is read from the cache."""
    if not all(importlib.util.find_spec(name) for name in ("openvino", "nncf")):
        pytest.skip("needs the extra cpu: openvino and nncf")
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(tiny["mean"]), device="cpu").encode(TEXTS)
    rows = load_transformer(str(tiny["mean"]), "cpu", precision, tmp_path).encode(TEXTS)

    assert (rows * plain).sum(axis=1).min() > (0.999999 if precision == "float32" else 0.99)
    monkeypatch.delattr(nets, "_converted")
    assert np.array_equal(load_transformer(str(tiny["mean"]), "cpu", precision, tmp_path).encode(TEXTS), rows)


# --- recipes ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> embedding.FastEmbedder:
    """The fast tier with made-up pieces."""
    cache = tmp_path_factory.mktemp("models")
    rows = np.random.default_rng(0).standard_normal((30_522, 256)).astype(np.float32)
    np.save(cache / f"fast-{embedding.MINILM_SHA256[:12]}-{embedding.FAST_RECIPE}.npy", rows)
    return embedding.load_fast(cache)


def test_an_embedder_travels_as_a_recipe(fast: embedding.FastEmbedder) -> None:
    """Small, and where it is already, it is not loaded again."""
    sent = pickle.dumps(fast)

    assert len(sent) < 1000
    assert pickle.loads(sent) is fast


@pytest.mark.slow
def test_a_transformer_travels_as_a_recipe(tiny: dict[str, Path]) -> None:
    """The same."""
    ours = load_transformer(str(tiny["mean"]), "cpu", "float32")

    assert len(pickle.dumps(ours)) < 1000
    assert pickle.loads(pickle.dumps(ours)) is ours


def test_a_recipe_is_followed_once() -> None:
    """In one process."""
    loaded: list[str] = []

    def load(model: str) -> FakeEmbedder:
        loaded.append(model)
        return FakeEmbedder(model)

    assert again(("once@1", "once@1"), load) is again(("once@1", "once@1"), load)
    assert loaded == ["once@1"]


def test_a_worker_with_other_weights_is_refused() -> None:
    """Its vectors must not be mixed with those of the machine that asked."""
    with pytest.raises(ModelUnavailable, match="has the model here@2, the run needs here@1"):
        again(("here@1", "here@2"), FakeEmbedder)


def test_a_shard_of_an_embedder_that_counts_no_tokens() -> None:
    """Has vectors, and no count; one that counts tells."""
    assert encode_shard(FakeEmbedder(), ["a"]).tokens is None


# --- processes --------------------------------------------------------------------------------------------------


def _square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def _die(number: int) -> int:
    if number == 2:
        os._exit(3)
    return number


def _refuse(number: int) -> int:
    raise SettingsError(f"no {number}")


@pytest.mark.slow
def test_every_device_has_a_process_and_shards_keep_their_order() -> None:
    """None of them is this one."""
    found = list(DeviceWorkers(["cpu", "cpu"]).map(_square, range(8)))

    assert [square for square, _ in found] == [number**2 for number in range(8)]
    assert os.getpid() not in {process for _, process in found}


def test_a_single_shard_needs_no_process() -> None:
    """Nor does none."""
    workers = DeviceWorkers(["cpu", "cpu"])

    assert list(workers.map(_square, [3])) == [(9, os.getpid())]
    assert list(workers.map(_square, [])) == []
    assert (workers.name, workers.count) == ("devices", 2)


@pytest.mark.slow
def test_a_dead_process_is_an_error_that_says_what_to_do() -> None:
    """What was given back before it stands."""
    found = []
    with pytest.raises(WorkersUnavailable, match=r"the process on cpu has died.*the next run goes on"):
        found.extend(DeviceWorkers(["cpu"]).map(_die, range(4)))
    found = []
    with pytest.raises(SettingsError, match="no 0"):
        found.extend(DeviceWorkers(["cpu"]).map(_refuse, range(4)))


@pytest.mark.slow
def test_processes_make_the_same_vectors(fast: embedding.FastEmbedder) -> None:
    """Each loads its own copy by the recipe, and the bits are those of this process."""
    shards = [TEXTS[:3], TEXTS[3:], TEXTS]
    found = list(DeviceWorkers(["cpu", "cpu"]).map(partial(encode_shard, fast), shards))

    assert all(np.array_equal(one.rows, fast.encode(shard)) for one, shard in zip(found, shards, strict=True))


@pytest.mark.parametrize(
    ("setting", "cuda", "names"),
    [
        ("auto", 0, ("auto",)),
        ("auto", 1, ("auto",)),
        ("auto", 2, ("cuda:0", "cuda:1")),
        ("cuda", 2, ("cuda:0", "cuda:1")),
        ("cuda:1", 2, ("cuda:1",)),
        ("cpu", 2, ("cpu",)),
        ("cpu, cpu", 0, ("cpu", "cpu")),
    ],
)
def test_devices_by_setting(monkeypatch: pytest.MonkeyPatch, setting: str, cuda: int, names: tuple[str, ...]) -> None:
    """Names as they are given; `auto` and `cuda` are all GPUs where there are several."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: cuda)
    monkeypatch.setattr("littriage.embedding.devices.may_have_gpu", lambda: cuda > 0)

    assert device_names(setting) == names


# --- the stage --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run on a warehouse of seven papers in two months, out of order."""
    with Warehouse.open(tmp_path / "w") as warehouse:
        for month, ids in ((date(2024, 2, 1), "cab"), (date(2023, 1, 1), "gfed")):
            warehouse.insert(
                "paper",
                {"id": list(ids), "title": [f"Title {id_}" for id_ in ids]},
                abstract="Soup.", authors=["A"], categories=["cs.CL"], published=month, date_kind="submitted",
                month=month, text_hash="h", source="s", in_field=True,
            )  # fmt: skip
        yield Run(warehouse, Catalogue((), ()), date(2024, 3, 1), lambda: datetime(2024, 3, 1), Quiet())


class Counted(FakeEmbedder):
    """A fake that counts words."""

    def counted(self, texts: Sequence[str]) -> Encoded:
        return Encoded(self.encode(texts), sum(len(text.split()) for text in texts))


def test_papers_are_embedded_oldest_first_and_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In shards; the rows are those of the texts, and what was read is counted. The second time there is nothing."""
    monkeypatch.setitem(pipeline.EMBED_BATCH, "fast", 3)
    embedder = Counted("fast@fake", dim=16)
    counts = pipeline.embed(run, embedder)

    order = "defgabc"
    assert embedder.asked == [f"Title {id_}\nSoup." for id_ in order]
    assert (counts["model"], counts["papers"]) == ("fast@fake", 7)
    assert int(counts["tokens a second"]) > 0
    assert np.array_equal(
        vectors.taken(run.warehouse, "fast@fake", range(7)), FakeEmbedder(dim=16).encode(embedder.asked)
    )
    assert run.warehouse.connection.execute("select paper_id, place from vector order by place").fetchall() == [
        (id_, place) for place, id_ in enumerate(order)
    ]
    assert pipeline.embed(run, embedder)["papers"] == 0
    assert len(embedder.asked) == 7


def test_few_texts_are_in_memory_at_a_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are read for the shards under way, not for all papers."""
    monkeypatch.setitem(pipeline.EMBED_BATCH, "fast", 1)
    monkeypatch.setattr(derived, "TEXTS_AT_ONCE", 1)
    read: list[int] = []
    stored: list[int] = []
    texts_to_embed, store = derived.texts_to_embed, vectors.store

    def reading(*given: Any) -> Iterator[list[derived.Text]]:
        for texts in texts_to_embed(*given):
            read.append(len(texts))
            yield texts

    def storing(*given: Any) -> None:
        stored.append(sum(read) - len(stored))
        store(*given)

    monkeypatch.setattr(derived, "texts_to_embed", reading)
    monkeypatch.setattr(vectors, "store", storing)
    pipeline.embed(run, FakeEmbedder(dim=16))

    assert len(stored) == 7
    assert max(stored) <= 1 + AHEAD


def test_lost_vectors_are_made_again(run: Run) -> None:
    """A file that was deleted is noticed, and said."""
    pipeline.embed(run, FakeEmbedder(dim=16))
    for path in (run.warehouse.folder / "vectors").iterdir():
        path.unlink()
    counts = pipeline.embed(run, FakeEmbedder(dim=16))

    assert (counts["lost vectors"], counts["papers"]) == (7, 7)
    assert vectors.matrix(run.warehouse, "fast@fake").shape == (7, 16)


@pytest.mark.parametrize(("runner", "by_devices"), [("local", True), ("dask", False)])
def test_a_cluster_goes_before_the_devices_of_this_machine(run: Run, runner: str, by_devices: bool) -> None:
    """Several GPUs are used by a run that works here; the workers of a cluster are who the user has asked for."""
    devices, run.workers = Named("devices"), Named(runner)
    tiers = pipeline.Tiers(None, FakeEmbedder("minilm@fake", "transformer", 16), devices=devices)

    assert pipeline.embed_closely(run, tiers)["papers"] == 7
    assert (devices.shards > 0, run.workers.shards > 0) == (by_devices, not by_devices)


@dataclass
class Named:
    """Workers that do everything here, and count."""

    name: str
    count: int = 1
    shards: int = 0

    def map(self, work: Callable[[Any], Any], shards: Iterable[Any]) -> Iterator[Any]:
        for shard in shards:
            self.shards += 1
            yield work(shard)
