"""A transformer's forward pass with pooling, in PyTorch or in OpenVINO."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from littriage.errors import SettingsError

AUTO = "auto"
FLOAT32, BF16, FP16, INT8 = ("float32", "bf16", "fp16", "int8")
"""int8: weights of 8 bits, states that are quantized as they come; the others: weights and states alike."""

_CPU_TOKENS, _GPU_TOKENS = 4_096, 131_072
_GROUP = "32"
"""States that share a scale when they are quantized. On abstracts, 64 and more lost more than 0.001 of a cosine."""


class Network(Protocol):
    """What makes vectors of token ids."""

    tokens: int
    """How many tokens a batch should hold, those of the padding included."""
    multiple: int
    """Of which the length of a batch should be a multiple."""

    def start(self, texts: int, dim: int) -> Any:
        """A place for the vectors of so many texts."""
        ...

    def pool(self, ids: NDArray[np.int64], filled: NDArray[np.bool_], place: Any, texts: NDArray[np.int64]) -> None:
        """Put the vectors of a batch where these texts' are to stand; may come back before they are there."""
        ...

    def finish(self, place: Any) -> NDArray[np.float32]:
        """The vectors, once all are there; shape (texts, dim)."""
        ...


def chosen_precision(precision: str, device: str, converts: bool) -> str:
    """The precision that `auto` means on a device; any other as it is. `converts`: OpenVINO and nncf are installed.

    A CPU without them computes in float32. With them, it computes in bf16 where it has instructions for that, which is
    both nearer to float32 and faster than 8 bits, and in int8 elsewhere. Raises SettingsError for what cannot be done.
    """
    on_cpu = device == "cpu"
    if precision == INT8 and not (on_cpu and converts):
        raise SettingsError("int8 needs a CPU and an extra: pip install 'littriage[cpu]', and --device cpu")
    if precision == FP16 and on_cpu:
        raise SettingsError("fp16 is for GPUs: on a CPU take float32, bf16 or int8")
    if precision != AUTO:
        return precision
    if device.startswith("cuda"):
        import torch

        return BF16 if torch.cuda.is_bf16_supported(including_emulation=False) else FP16
    if on_cpu and converts and platform.machine().lower() in ("x86_64", "amd64"):
        return BF16 if _has_bf16() else INT8
    return FLOAT32


def _has_bf16() -> bool:
    """Whether the processor multiplies in bf16 by itself; where nobody tells, it does not."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return "avx512_bf16" in flags or "amx_bf16" in flags


# --- PyTorch ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class TorchNetwork:
    """The network in PyTorch, on any device. Only `finish` waits for a GPU."""

    model: Any
    """A transformer of the package transformers."""
    device: Any
    pooling: str
    """`mean` over the tokens, or `cls`: the state of the first one."""
    tokens: int = _CPU_TOKENS
    multiple: int = 1

    def __post_init__(self) -> None:
        if self.device.type != "cpu":
            self.tokens, self.multiple = _GPU_TOKENS, 8

    def start(self, texts: int, dim: int) -> Any:
        import torch

        return torch.empty((texts, dim), dtype=torch.float32, device=self.device)

    def pool(self, ids: NDArray[np.int64], filled: NDArray[np.bool_], place: Any, texts: NDArray[np.int64]) -> None:
        found = self.vectors(self.sent(ids), self.sent(filled), bool(filled.all()))
        place[self.sent(texts)] = found

    def vectors(self, ids: Any, filled: Any, full: bool) -> Any:
        """Unit rows of a batch that is on the device; `full`: it has no padding."""
        import torch

        with torch.inference_mode():
            # Without a mask the attention takes its fastest way; PyTorch would have to ask the GPU to find that out.
            mask = None if full else filled.long()
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            return pooled(torch, states.float(), filled, self.pooling)

    def finish(self, place: Any) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = place.cpu().numpy()
        return rows

    def sent(self, array: NDArray[Any]) -> Any:
        """The array as a tensor on the device; on CUDA it may still be on its way."""
        import torch

        tensor = torch.from_numpy(array)
        pinned = tensor.pin_memory() if self.device.type == "cuda" else tensor
        return pinned.to(self.device, non_blocking=True)


def pooled(torch: Any, states: Any, filled: Any, pooling: str) -> Any:
    """Unit rows of a batch's states, shape (texts, dim); `filled` says where tokens are, not padding."""
    if pooling == "cls":
        rows = states[:, 0]
    else:
        weights = filled.unsqueeze(-1).to(states.dtype)
        rows = (states * weights).sum(1) / weights.sum(1)
    return torch.nn.functional.normalize(rows, dim=1)


# --- OpenVINO ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class CompiledNetwork:
    """The network, pooling included, compiled by OpenVINO for this CPU."""

    compiled: Any
    tokens: int = _CPU_TOKENS
    multiple: int = 1

    def start(self, texts: int, dim: int) -> Any:
        return np.empty((texts, dim), np.float32)

    def pool(self, ids: NDArray[np.int64], filled: NDArray[np.bool_], place: Any, texts: NDArray[np.int64]) -> None:
        request = self.compiled.create_infer_request()  # one for each call: several threads may be here
        place[texts] = request.infer([ids, filled.astype(np.int64)])[0]

    def finish(self, place: Any) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = place
        return rows


def compiled_network(model: Any, pooling: str, precision: str, cache: Path | None, name: str) -> CompiledNetwork:
    """The network, converted once and kept in `cache` under `name`, if there is a cache; compiled for this CPU.

    Raises OSError where the cache cannot be used, RuntimeError for a network that OpenVINO cannot convert.
    """
    import openvino

    core = openvino.Core()
    bits = INT8 if precision == INT8 else FLOAT32
    kept = cache and cache / "openvino" / f"{name}-{bits}-{openvino.__version__.split('-')[0]}"
    if kept is None:
        with _silence():
            converted = _converted(model, pooling, bits)
    else:
        if not (kept / "network.xml").exists():
            with _silence():
                graph = _converted(model, pooling, bits)
            _save(kept, graph)
        converted = core.read_model(kept / "network.xml")
    properties = {
        "PERFORMANCE_HINT": "LATENCY",  # all cores on one batch: the batches are large enough
        "INFERENCE_PRECISION_HINT": BF16 if precision == BF16 else "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP if precision == INT8 else "0",
    }
    return CompiledNetwork(core.compile_model(converted, "CPU", properties))


def _converted(model: Any, pooling: str, bits: str) -> Any:
    """The network with its pooling as OpenVINO's graph, for any number of texts of any length."""
    import openvino
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return pooled(torch, states, attention_mask, pooling)

    ids = torch.ones((2, 16), dtype=torch.long)
    mask = ids.clone()
    mask[1, 8:] = 0
    with torch.no_grad():
        graph = openvino.convert_model(Pooled().eval(), example_input={"input_ids": ids, "attention_mask": mask})
    for place in graph.inputs:
        place.get_node().set_partial_shape(openvino.PartialShape([-1, -1]))
    graph.validate_nodes_and_infer_types()
    if bits == INT8:
        import nncf

        graph = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_ASYM)
    return graph


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps tracing and compressing from writing tables and warnings, which mean nothing to a user, into the answer."""
    from transformers.utils import logging as transformers_logging

    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            transformers_logging.set_verbosity(level)


def _save(folder: Path, graph: Any) -> None:
    """Write the whole folder or none of it, whoever else is writing it."""
    import openvino

    partial = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        openvino.save_model(graph, partial / "network.xml", compress_to_fp16=False)
        try:
            partial.rename(folder)
        except OSError:
            if not (folder / "network.xml").exists():  # else another process was first
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
