"""Text to vectors: MiniLM from its package, any other sentence-transformers model, and a fast static stand-in.

The transformer reads words in context and decides who belongs where. The fast tier gives every word of MiniLM's own
vocabulary one vector and averages them: hundreds of times faster, and coarser. It is distilled from the packaged
weights alone, so it knows nothing of any corpus, past or future.

Nothing here uses the network for a model that is on disk. A text without a readable word gets the model's vector for
"no words", which means nothing: leave such texts out where that matters.
"""

from littriage.embedding.devices import DeviceWorkers, device_names
from littriage.embedding.fast import FAST, FAST_RECIPE, FastEmbedder, load_fast
from littriage.embedding.recipes import Encoded, encode_shard
from littriage.embedding.transformer import TransformerEmbedder, load_transformer, on_accelerator
from littriage.embedding.weights import MINILM, MINILM_SHA256, packaged_minilm, verified

__all__ = [
    "FAST",
    "FAST_RECIPE",
    "MINILM",
    "MINILM_SHA256",
    "DeviceWorkers",
    "Encoded",
    "FastEmbedder",
    "TransformerEmbedder",
    "device_names",
    "encode_shard",
    "load_fast",
    "load_transformer",
    "on_accelerator",
    "packaged_minilm",
    "verified",
]
