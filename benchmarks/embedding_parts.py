"""What the embedding benchmarks share: made-up abstracts, the arithmetic of a forward pass, and a machine's rate.

Not a benchmark itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from littriage.embedding import packaged_minilm

WORDS_MEAN, WORDS_SD = 185, 55
"""Of title and abstract, in words of one token: on real abstracts MiniLM counts 231 tokens in the mean."""


def salads(papers: int, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Made-up titles and abstracts: words of MiniLM's vocabulary, frequent ones more often, lengths as real ones have.

    The tokenizer has as much to do as with real text, for one word in five is put together of two.
    """
    lines = (packaged_minilm() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    words = np.array([line for line in lines if line.isascii() and line.isalpha()])
    tails = np.array([line[2:] for line in lines if line.startswith("##") and line.isascii() and line[2:].isalpha()])
    weights = 1 / np.arange(10, 10 + len(words))
    often = np.cumsum(weights / weights.sum())
    rng = np.random.default_rng(seed)
    for _ in range(papers):
        length = int(np.clip(rng.normal(WORDS_MEAN, WORDS_SD), 40, 400))
        chosen = words[np.searchsorted(often, rng.random(length)).clip(max=len(words) - 1)]
        longer = rng.random(length) < 0.2
        text = [f"{one}{tail}" if long else str(one) for one, tail, long in zip(
            chosen, rng.choice(tails, length), longer, strict=True)]  # fmt: skip
        sentences = [" ".join(text[start : start + 18]) + "." for start in range(10, length, 18)]
        yield " ".join(text[:10]), " ".join(sentences)


def real_texts(corpus: Path, papers: int) -> list[str]:
    """Title and abstract of papers that have both, the same sample every time."""
    rows = duckdb.execute(
        "select title || chr(10) || abstract from read_parquet(?) "
        "where length(abstract) > 0 and length(title) > 0 order by md5(id) limit ?",
        [str(corpus), papers],
    ).fetchall()
    return [text for (text,) in rows]


def forward_flops(config: Any, lengths: NDArray[np.int64]) -> float:
    """Floating-point operations of the forward pass over texts of these tokens, without padding.

    Two for every weight of a layer's matrices and token, and for attention four for every number of the state and pair
    of tokens. Norms, activations and the table of embeddings are left out.
    """
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    heads = config.num_attention_heads
    size = getattr(config, "head_dim", None) or width // heads
    pairs = getattr(config, "num_key_value_heads", None) or heads
    gated = 3 if hasattr(config, "num_key_value_heads") else 2
    weights = 2 * width * heads * size + 2 * width * pairs * size + gated * width * inner
    tokens = lengths.astype(np.float64)
    return float(layers * (2 * weights * tokens + 4 * heads * size * tokens**2).sum())


def matmul_rate(device: str, dtype: str, size: int) -> float:
    """Floating-point operations a second of a product of two square matrices in PyTorch: the best of several."""
    import torch

    left = torch.randn(size, size, device=device).to(getattr(torch, dtype))
    right = torch.randn(size, size, device=device).to(getattr(torch, dtype))

    def once() -> float:
        start = time.perf_counter()
        left @ right
        if left.is_cuda:
            torch.cuda.synchronize(left.device)
        return time.perf_counter() - start

    return 2 * size**3 / min(once() for _ in range(8))
