"""Embedding on a GPU: papers a second from a warehouse's texts to its stored vectors, and what bounds them.

    python benchmarks/embedding_gpu.py [--papers 200000] [--device auto] [--precision auto] [--compile]

Makes abstracts of MiniLM's words with the lengths of real ones, puts them into a warehouse in a temporary folder, and
embeds them there as `littriage embed` does; then the same texts without a warehouse, and each step alone: tokenizing,
sending to the device, computing, storing. The chip's rate is that of a large product of matrices in the same
precision, measured in the same run. About three minutes on one H200 with 16 cores, most of it for making the texts;
`--device cpu --papers 200` tries it without a GPU.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from embedding_parts import forward_flops, matmul_rate, salads
from measuring import machine, print_table

from littriage import pipeline
from littriage.embedding import TransformerEmbedder, encode_shard, load_transformer, on_accelerator
from littriage.embedding.batches import Tokens, filled, windows
from littriage.embedding.networks import TorchNetwork
from littriage.model import Catalogue
from littriage.progress import Quiet
from littriage.run import Run
from littriage.warehouse import Warehouse, vectors

TORCH_NAMES = {"float32": "float32", "bf16": "bfloat16", "fp16": "float16", "int8": "float32"}
APART = 32_768
"""Texts that the steps alone are measured on, at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=200_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        embedder = load_transformer("minilm", options.device, options.precision, folder)
        where = _device_name(embedder)
        print(machine("torch", "transformers", "sentence-transformers", "tokenizers", "duckdb"), where, flush=True)
        if options.compile:
            import torch

            assert isinstance(embedder.parts.network, TorchNetwork), "torch.compile needs PyTorch's network"
            embedder.parts.network.model = torch.compile(embedder.parts.network.model, dynamic=True)
        made, texts = _timed(lambda: list(salads(options.papers)))
        print(f"{len(texts):,} abstracts made in {made:.0f} s", flush=True)
        with Warehouse.open(folder / "warehouse") as warehouse:
            _fill(warehouse, texts)
            _measure(warehouse, embedder, ["\n".join(pair) for pair in texts])


def _measure(warehouse: Warehouse, embedder: TransformerEmbedder, texts: list[str]) -> None:
    embedder.encode(texts[:2048])  # kernels are chosen and memory is taken
    run = Run(warehouse, Catalogue((), ()), date.today(), lambda: datetime.now(UTC).replace(tzinfo=None), Quiet())
    storing = _Stopwatch(vectors.store)
    pipeline.vectors.store, kept = storing, vectors.store
    try:
        whole, _ = _timed(lambda: pipeline.embed(run, embedder))
    finally:
        pipeline.vectors.store = kept
    stored = len(vectors.matrix(warehouse, embedder.model))
    assert stored == len(texts), f"{stored} of {len(texts)} vectors are stored"

    size = pipeline.EMBED_BATCH["gpu" if on_accelerator(embedder) else "transformer"]
    shards = [texts[start : start + size] for start in range(0, len(texts), size)]
    bare, encoded = _timed(lambda: list(run.workers.map(partial(encode_shard, embedder), shards)))
    tokens = sum(one.tokens for one in encoded)

    part = texts[:APART]
    reading, found = _timed(lambda: list(windows(embedder.parts.tokenizer, part)))
    batches, sending, computing = _steps(embedder, [one for _, one in found])
    lengths = np.concatenate([one.lengths for _, one in found])
    flops = forward_flops(embedder.parts.whole[0].auto_model.config, lengths) / len(part)
    rate = matmul_rate(embedder.device, TORCH_NAMES[embedder.precision], 8192 if on_accelerator(embedder) else 1024)
    padding = batches / int(lengths.sum()) - 1

    print(
        f"{embedder.model}, {tokens / len(texts):.0f} tokens a paper, padding {padding:.1%}, "
        f"{flops / 1e9:.2f} GFLOP a paper; a product of matrices runs at {rate / 1e12:.4g} TFLOP/s\n"
    )
    per_paper = len(texts) / len(part)
    print_table(
        ["what", "s", "papers a second", "tokens a second", "TFLOP/s", "share of the rate"],
        [
            [name, seconds, len(texts) / seconds, tokens / seconds, *arithmetic]
            for name, seconds, counts in [
                ("end to end: texts of the warehouse in, vectors stored", whole, True),
                ("without the warehouse: texts in, vectors out", bare, True),
                ("tokenizing alone", reading * per_paper, False),
                ("padding and sending to the device alone", sending * per_paper, False),
                ("computing alone, tokens on the device", computing * per_paper, True),
                ("storing, as part of end to end", storing.seconds, False),
            ]
            for done in [flops * len(texts) / seconds]
            for arithmetic in [[done / 1e12, f"{done / rate:.1%}"] if counts else ["", ""]]
        ],
    )
    print(f"\nSteps alone were measured on {len(part):,} papers and reckoned to {len(texts):,}.")


def _steps(embedder: TransformerEmbedder, found: list[Tokens]) -> tuple[int, float, float]:
    """Tokens with padding; seconds of padding and sending all batches; seconds of computing them once they are sent."""
    network = embedder.parts.network
    assert network is not None

    def padded() -> list[tuple[Any, Any]]:
        return [
            one.padded(batch, network.multiple, embedder.parts.pad)
            for one in found
            for batch in filled(one.lengths, network.tokens, network.multiple)
        ]

    if not isinstance(network, TorchNetwork):
        sending, batches = _timed(padded)

        def compute() -> None:
            place = network.start(network.tokens, embedder.dim)
            for ids, mask in batches:
                network.pool(ids, mask, place, np.arange(len(ids)))

        return sum(ids.size for ids, _ in batches), sending, _timed(compute)[0]
    import torch

    def wait() -> None:
        if network.device.type == "cuda":
            torch.cuda.synchronize(network.device)

    def send() -> list[Any]:
        there = [(network.sent(ids), network.sent(mask), bool(mask.all())) for ids, mask in padded()]
        wait()
        return there

    sending, there = _timed(send)

    def compute_there() -> None:
        for ids, mask, full in there:
            network.vectors(ids, mask, full)
        wait()

    compute_there()
    return sum(ids.numel() for ids, _, _ in there), sending, _timed(compute_there)[0]


class _Stopwatch:
    """A function that adds up the seconds it takes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds = function, 0.0

    def __call__(self, *given: Any) -> Any:
        seconds, found = _timed(lambda: self.function(*given))
        self.seconds += seconds
        return found


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def _fill(warehouse: Warehouse, texts: list[tuple[str, str]]) -> None:
    """Papers of these titles and abstracts, a thousand a day."""
    for first in range(0, len(texts), 20_000):
        some = texts[first : first + 20_000]
        warehouse.insert(
            "paper",
            {
                "id": [f"made.{first + number:07d}" for number in range(len(some))],
                "title": [title for title, _ in some],
                "abstract": [abstract for _, abstract in some],
                "text_hash": [f"{first + number:032x}" for number in range(len(some))],
            },
            authors=["A. Author"], categories=["cs.LG"], published=date(2024, 1, 2), month=date(2024, 1, 1),
            date_kind="submitted", source="made up", in_field=True,
        )  # fmt: skip


def _device_name(embedder: TransformerEmbedder) -> str:
    if not embedder.device.startswith("cuda"):
        return f"on {embedder.device}"
    import torch

    return f"on {torch.cuda.get_device_name(embedder.device)}, CUDA {torch.version.cuda}"


if __name__ == "__main__":
    main()
