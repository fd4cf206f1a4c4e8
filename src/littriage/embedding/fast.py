"""The fast tier: the average of a vector per word piece, distilled from MiniLM."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from littriage.embedding.recipes import Encoded, again, remember
from littriage.embedding.weights import MINILM_SHA256, hide_progress, packaged_minilm, sha256, unit_rows
from littriage.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from littriage.embedding.batches import Tokens

FAST = "fast"
FAST_RECIPE = "r1"
"""Version of `_distilled`: another recipe makes other vectors, and they must not share a cache."""

_TOKENS = 512
_DIM = 256


@dataclass(slots=True, weakref_slot=True)
class FastEmbedder:
    """The average of a vector per word piece. A text's row is the same to the bit whatever else is in the list.

    Pickled, it is a recipe (littriage.embedding.recipes).
    """

    model: str
    dim: int
    _pieces: NDArray[np.float32]
    """A row for each word piece, as long as the piece weighs."""
    _tokenizer: Tokenizer
    _cache: str = ""
    tier: str = FAST

    def __reduce__(self) -> tuple[Any, ...]:
        return _fast_again, (self.model, self._cache)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, float32, shape (len(texts), dim)."""
        return self.counted(texts).rows

    def counted(self, texts: Sequence[str]) -> Encoded:
        """As `encode`, with the number of word pieces."""
        from littriage.embedding.batches import windows

        rows = np.empty((len(texts), self.dim), np.float32)
        count = 0
        if len(texts):
            for start, tokens in windows(self._tokenizer, texts, marks=False):
                rows[start : start + len(tokens.lengths)] = self._averages(tokens)
                count += len(tokens.ids)
        return Encoded(rows, count)

    def _averages(self, tokens: Tokens) -> NDArray[np.float32]:
        from scipy.sparse import csr_matrix

        silent = tokens.lengths == 0
        unknown: Any = self._tokenizer.token_to_id("[UNK]")
        columns = np.insert(tokens.ids, tokens.ends[:-1][silent], unknown).astype(np.int32)
        ends = tokens.ends + np.concatenate(([0], np.cumsum(silent)))
        shape = (len(silent), len(self._pieces))
        return unit_rows(csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape) @ self._pieces)


def load_fast(cache: Path) -> FastEmbedder:
    """The static model distilled from the packaged MiniLM: made in about half a minute once, kept in `cache`.

    It needs torch the first time only. Its name ends with 8 digits of the SHA-256 of the kept file: two machines may
    distil vectors that differ in their last bits, and vectors that differ must not go by one name.

    Raises ModelUnavailable when MiniLM is not there or the cache cannot be used.
    """
    from tokenizers import Tokenizer

    source = packaged_minilm()
    revision = f"{MINILM_SHA256[:12]}-{FAST_RECIPE}"
    kept = cache / f"{FAST}-{revision}.npy"
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_TOKENS)
    try:
        if not kept.exists():
            _save(kept, _distilled(source, tokenizer))
        pieces = np.load(kept, allow_pickle=False)
        content = sha256([kept])[:8]
    except (OSError, ValueError, EOFError) as error:
        raise ModelUnavailable(
            f"the fast embedding model cannot be kept in or read from {kept}: {error}; "
            "free some space, or delete that file so that it is made again",
            path=str(kept),
        ) from error
    if pieces.shape != (tokenizer.get_vocab_size(), _DIM) or pieces.dtype != np.float32:
        raise ModelUnavailable(
            f"{kept} does not hold the fast embedding model but {pieces.dtype} {pieces.shape}: delete it",
            path=str(kept),
        )
    found = FastEmbedder(f"{FAST}@{revision}-{content}", _DIM, pieces, tokenizer, str(cache))
    remember((found.model, str(cache)), found)
    return found


def _fast_again(*recipe: Any) -> FastEmbedder:
    return again(recipe, lambda cache: load_fast(Path(cache)))  # type: ignore[no-any-return]


def _distilled(source: Path, tokenizer: Tokenizer) -> NDArray[np.float32]:
    """A vector for each word piece, shape (vocabulary, 256): what MiniLM makes of the piece alone, weighted by rarity.

    After Model2Vec (https://github.com/MinishLab/model2vec): each piece through the transformer by itself, principal
    components, a weight from its rank, for the vocabulary lists frequent pieces first. Measured on abstracts with
    benchmarks/embedding_tiers.py, three changes came nearer to MiniLM: the piece's own state in place of the mean over
    [CLS], piece and [SEP]; components divided by the square root of their spread; and the weight log(1 + rank / 1000).
    """
    states = _states(source, tokenizer)
    vocabulary = tokenizer.get_vocab()
    silent = [number for piece, number in vocabulary.items() if piece.startswith("[unused")]
    silent += [vocabulary[piece] for piece in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")]
    used = np.setdiff1d(np.arange(len(states)), silent)

    centred = states[used] - states[used].mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred / len(used))
    largest = np.abs(axes).argmax(axis=0)
    axes *= np.sign(axes[largest, np.arange(len(largest))])  # the signs of axes are the solver's whim: fix them
    components = centred @ axes[:, -_DIM:] / variance[-_DIM:] ** 0.25
    weight = np.log1p(np.arange(1, len(used) + 1) / 1000)

    pieces = np.zeros((len(states), _DIM), np.float32)
    pieces[used] = components / np.linalg.norm(components, axis=1, keepdims=True) * weight[:, None]
    return pieces


def _states(source: Path, tokenizer: Tokenizer) -> NDArray[np.float64]:
    """MiniLM's last hidden state of each word piece, between [CLS] and [SEP]; shape (vocabulary, 384)."""
    import torch
    from transformers import AutoModel

    hide_progress()
    network = AutoModel.from_pretrained(str(source), dtype=torch.float32, local_files_only=True).eval()
    vocabulary = tokenizer.get_vocab()
    states = []
    with torch.inference_mode():
        for pieces in torch.split(torch.arange(len(vocabulary)), 512):
            ids = torch.nn.functional.pad(pieces[:, None], (1, 1))
            ids[:, 0], ids[:, 2] = vocabulary["[CLS]"], vocabulary["[SEP]"]
            found = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            states.append(found[:, 1].double().numpy())
    return np.concatenate(states)


def _save(path: Path, array: NDArray[np.float32]) -> None:
    """Writes the whole file or none of it, whoever else is writing it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with partial.open("wb") as file:
            np.save(file, array)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
