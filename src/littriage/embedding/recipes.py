"""How embedders travel: as a recipe, from which another process loads its own copy once.

A pickled embedder holds no weights, so that a task for a worker is as small as its texts. The recipe names the model
that must come out: a worker whose weights are others raises ModelUnavailable, for its vectors must not be mixed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from littriage.errors import ModelUnavailable
from littriage.ports import Embedder


class Encoded(NamedTuple):
    """What came of some texts."""

    rows: NDArray[np.float32]
    """Unit rows, shape (texts, dim)."""
    tokens: int | None
    """Read by the model, those between texts included; None: the embedder does not count them."""


@runtime_checkable
class Counting(Protocol):
    """An embedder that also tells how many tokens it has read."""

    def counted(self, texts: Sequence[str]) -> Encoded:
        """As `encode`, with the number of tokens."""
        ...


def encode_shard(embedder: Embedder, texts: Sequence[str]) -> Encoded:
    """The work of one shard, for ports.Workers: vectors in the order of the texts."""
    return embedder.counted(texts) if isinstance(embedder, Counting) else Encoded(embedder.encode(texts), None)


Recipe = tuple[Any, ...]
_loaded: WeakValueDictionary[Recipe, Any] = WeakValueDictionary()
_kept: dict[Recipe, Any] = {}
_loading = threading.Lock()
_own_device: list[str] = []


def remember(recipe: Recipe, embedder: Any) -> None:
    """Note that this process has such an embedder already: a recipe that comes back is then not loaded again."""
    _loaded[recipe] = embedder


def use_device(device: str) -> None:
    """From now on this process loads every transformer on that device, whatever its recipe says."""
    _own_device[:] = [device]


def own_device(device: str) -> str:
    """The device that `use_device` has set for this process, or else the one that is given."""
    return _own_device[0] if _own_device else device


def again(recipe: Recipe, load: Callable[..., Any]) -> Any:
    """The embedder of a recipe: (expected model, what `load` takes...). Loaded once in a process, and kept.

    Raises ModelUnavailable where this machine makes another model of the recipe.
    """
    with _loading:
        found = _loaded.get(recipe)
        if found is None:
            found = load(*recipe[1:])
            if found.model != recipe[0]:
                raise ModelUnavailable(
                    f"this worker has the model {found.model}, the run needs {recipe[0]}: install the same packages "
                    "here, and copy the folder of littriage's distilled models (docs/settings.md) from the machine "
                    "that started the run",
                    expected=recipe[0],
                    seen=found.model,
                )
            _kept[recipe] = _loaded[recipe] = found
        return found
