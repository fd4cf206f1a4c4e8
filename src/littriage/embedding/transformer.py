"""The transformer tier: a sentence-transformers model, run directly where its parts are the usual ones."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from littriage.embedding.networks import AUTO, FLOAT32, Network, TorchNetwork, chosen_precision, compiled_network
from littriage.embedding.recipes import Encoded, again, own_device, remember
from littriage.embedding.weights import (
    MINILM,
    MINILM_DIM,
    MINILM_SHA256,
    hide_progress,
    may_have_gpu,
    packaged_minilm,
    unit_rows,
    weights_hash,
)
from littriage.errors import ModelUnavailable
from littriage.ports import Embedder

_TORCH_NAMES = {"float32": "float32", "bf16": "bfloat16", "fp16": "float16", "int8": "float32"}
_CPU_BATCH, _GPU_BATCH = 32, 256
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Parts:
    """A model as it is loaded."""

    network: Network | None
    """None: the model has other parts than a transformer and a pooling, and sentence-transformers runs it."""
    whole: Any
    """The SentenceTransformer."""
    tokenizer: Any
    """None where there is no network."""
    pad: int
    """Id of the token that fills up a batch."""


@dataclass(slots=True, weakref_slot=True)
class TransformerEmbedder:
    """A sentence-transformers model. On one machine and device the same list gives the same bits.

    Another grouping of the same texts may change the last bits (1e-7 in float32), because they are padded to other
    lengths. `encode` sorts by length by itself: hand it long lists. Pickled, it is a recipe
    (littriage.embedding.recipes). The packaged model is loaded when there is something to encode: a run that brings
    nothing new to read is spared the seconds that PyTorch takes to start.
    """

    model: str
    dim: int
    device: str
    """Where it computes: cpu, cuda, cuda:1 or mps."""
    precision: str
    """float32, bf16, fp16 or int8."""
    _recipe: tuple[Any, ...]
    _load: Callable[[], Parts]
    _parts: Parts | None = None
    tier: str = "transformer"

    def __reduce__(self) -> tuple[Any, ...]:
        return _transformer_again, self._recipe

    @property
    def parts(self) -> Parts:
        """The loaded model. Raises ModelUnavailable."""
        with _loading:
            if self._parts is None:
                self._parts = self._load()
            return self._parts

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, float32, shape (len(texts), dim)."""
        return self.counted(texts).rows

    def counted(self, texts: Sequence[str]) -> Encoded:
        """As `encode`, with the number of tokens, where the model is run directly."""
        if not len(texts):
            return Encoded(np.empty((0, self.dim), np.float32), 0)
        parts = self.parts
        if parts.network is None:
            size = _CPU_BATCH if self.device == "cpu" else _GPU_BATCH
            found = parts.whole.encode(list(texts), batch_size=size, convert_to_numpy=True, show_progress_bar=False)
            return Encoded(unit_rows(found), None)
        from littriage.embedding.batches import filled, windows

        network = parts.network
        place = network.start(len(texts), self.dim)
        count = 0
        for first, tokens in windows(parts.tokenizer, texts):
            for batch in filled(tokens.lengths, network.tokens, network.multiple):
                ids, mask = tokens.padded(batch, network.multiple, parts.pad)
                network.pool(ids, mask, place, first + batch)
            count += len(tokens.ids)
        return Encoded(unit_rows(network.finish(place)), count)


def load_transformer(
    name: str = MINILM, device: str = AUTO, precision: str = AUTO, cache: Path | None = None
) -> TransformerEmbedder:
    """An embedder around the packaged MiniLM (`minilm`), a model's folder, or a model's name on the Hugging Face hub.

    `device` is a torch device, or `auto`: CUDA where there is any, else Apple's MPS, else the CPU. `precision` is
    float32, bf16, fp16, int8, or `auto`: bf16 on CUDA, fp16 where it has none; on a CPU with the extra `cpu` bf16 or
    int8, whichever it is fast at; else float32. In float32 the model's name is name and revision; the others put their
    precision behind it, for their vectors differ by more than rounding. `cache` is a folder for what OpenVINO has
    converted. Only a name that is neither `minilm` nor a folder can reach the network.

    Raises ModelUnavailable, and SettingsError for a precision that the device does not have.
    """
    folder = packaged_minilm() if name == MINILM else Path(name)
    local = folder.is_dir()
    device = own_device(device)
    chosen = _device() if device == AUTO else device
    precision = chosen_precision(precision, chosen, _converts())
    # A folder may be called minilm or fast and hold anything: the prefix keeps it from the rules fitted for those.
    label = f"local-{folder.resolve().name}" if local and name != MINILM else name
    known = MINILM_SHA256[:12] if name == MINILM else ""  # verified above
    revision = known or (weights_hash(folder) if local else "")
    load = partial(_loaded, name, folder if local else None, chosen, precision, cache, f"{label}-{revision}")
    if name == MINILM and chosen == "cpu":
        parts, dim = None, MINILM_DIM
    else:
        parts = load()
        dim = int(parts.whole.get_embedding_dimension() or 0)
        revision = revision or _hub_revision(parts.whole)
    model = f"{label}@{revision}" + ("" if precision == FLOAT32 else f"-{precision}")
    recipe = (model, name, chosen, precision, None if cache is None else str(cache))
    found = TransformerEmbedder(model, dim, chosen, precision, recipe, load, parts)
    remember(recipe, found)
    return found


def _loaded(name: str, folder: Path | None, device: str, precision: str, cache: Path | None, kept_as: str) -> Parts:
    """The model from its folder, or from the hub where there is none; `kept_as` names it in the cache."""
    converts = device == "cpu" and _converts()
    # A checkpoint in half precision would stay so, and half precision is slow on most CPUs: the type is always given.
    dtype = "float32" if converts else _TORCH_NAMES[precision]
    hide_progress()
    try:
        from sentence_transformers import SentenceTransformer

        whole = SentenceTransformer(
            str(folder or name), device=device, model_kwargs={"dtype": dtype}, local_files_only=folder is not None
        )
        known = kept_as if folder else kept_as + _hub_revision(whole)
        network = _network(whole, precision, converts, cache, known.replace("/", "-"))
    except (OSError, RuntimeError, ValueError, ImportError, AssertionError) as error:
        raise ModelUnavailable(
            f"the embedding model {name} cannot be loaded on {device}: {error}", model=name, device=device
        ) from error
    pad = int(getattr(whole.tokenizer, "pad_token_id", 0) or 0) if network else 0
    return Parts(network, whole, _tokenizer(whole) if network else None, pad)


def _converts() -> bool:
    """Whether the extra `cpu` is installed."""
    return all(importlib.util.find_spec(package) for package in ("openvino", "nncf"))


def _transformer_again(*recipe: Any) -> TransformerEmbedder:
    def load(name: str, device: str, precision: str, cache: str | None) -> TransformerEmbedder:
        return load_transformer(name, device, precision, None if cache is None else Path(cache))

    return again(recipe, load)  # type: ignore[no-any-return]


def on_accelerator(embedder: Embedder) -> bool:
    """Whether an embedder computes on a GPU, where the transformer can afford to read everything."""
    return isinstance(embedder, TransformerEmbedder) and embedder.device != "cpu"


def _network(whole: Any, precision: str, compile_it: bool, cache: Path | None, name: str) -> Network | None:
    """The model's transformer and pooling; None where it has other parts, or is told to put words before each text."""
    pooling = _pooling(whole)
    if pooling is None:
        return None
    transformer = whole[0].auto_model.eval()
    if compile_it:
        return compiled_network(transformer, pooling, precision, cache, name)
    return TorchNetwork(transformer, whole.device, pooling)


def _pooling(whole: Any) -> str | None:
    """How the states of the model's tokens become one vector, where we do the same; else None."""
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    parts = list(whole)
    usual = (
        len(parts) in (2, 3)
        and type(parts[0]) is Transformer
        and type(parts[1]) is Pooling
        and all(type(part) is Normalize for part in parts[2:])
        and parts[0].tokenizer.is_fast
        and parts[0].tokenizer.padding_side == "right"
        and not parts[0].do_lower_case
        and whole.default_prompt_name is None
        and whole.truncate_dim is None
    )
    mode = parts[1].pooling_mode if usual else None
    return {"mean": "mean", "cls": "cls"}.get(mode) if isinstance(mode, str) else None


def _tokenizer(whole: Any) -> Any:
    """A copy of the model's tokenizer, so that no call of sentence-transformers changes how it cuts and pads."""
    from tokenizers import Tokenizer

    copy = Tokenizer.from_str(whole.tokenizer.backend_tokenizer.to_str())
    copy.no_padding()
    if whole.max_seq_length:
        copy.enable_truncation(whole.max_seq_length)
    else:
        copy.no_truncation()
    return copy


def _device() -> str:
    """What `auto` means here."""
    if not may_have_gpu():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _hub_revision(whole: Any) -> str:
    return str(getattr(whole[0].auto_model.config, "_commit_hash", None) or "unknown")[:12]
