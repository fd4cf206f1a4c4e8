"""Speed of embedding models by their shape alone: the weights are random, so that their vectors mean nothing.

    python benchmarks/embedding_models.py [--papers 8] [--tokens 230] [--device cpu] [--precision float32]

Each network is built from its published configuration and reads papers of so many tokens; what they make of a text is
never looked at. The arithmetic of a paper is reckoned from the shape. docs/embedding.md puts these figures beside
published ones of quality. Two minutes and 4 GB of memory on two cores.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from embedding_parts import forward_flops
from measuring import machine, measured, print_table
from transformers import AutoModel, BertConfig, PretrainedConfig, Qwen3Config, XLMRobertaConfig

from littriage.embedding.networks import TorchNetwork

TORCH_NAMES = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
AT_ONCE = 8
"""Papers of a batch on a CPU; a GPU takes 256."""


def shapes() -> dict[str, PretrainedConfig]:
    """Configurations by model, as their authors published them."""
    return {
        "all-MiniLM-L6-v2": BertConfig(
            vocab_size=30_522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
        ),
        "SPECTER2, SciBERT (BERT base)": BertConfig(
            vocab_size=31_090, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072
        ),
        "bge-m3, multilingual-e5-large (XLM-R large)": XLMRobertaConfig(
            vocab_size=250_002, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
            intermediate_size=4096, max_position_embeddings=514, type_vocab_size=1,
        ),
        "Qwen3-Embedding-0.6B": Qwen3Config(
            vocab_size=151_669, hidden_size=1024, num_hidden_layers=28, num_attention_heads=16,
            num_key_value_heads=8, head_dim=128, intermediate_size=3072,
        ),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=230)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=list(TORCH_NAMES), default="float32")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print(machine("torch", "transformers"))
    if options.device.startswith("cuda"):
        print(torch.cuda.get_device_name(options.device))
    print(f"{options.papers} papers of {options.tokens} tokens, {options.precision}, RANDOM WEIGHTS: speed only\n")

    rows: list[list[Any]] = []
    first = None
    for name, config in shapes().items():
        wall, cpu, parameters = _seconds(config, options)
        first = first or (wall, cpu)
        flops = forward_flops(config, np.full(1, options.tokens))
        rows.append(
            [name, f"{parameters / 1e6:.0f} M", config.hidden_size, flops / 1e9, wall * 1000, cpu * 1000,
             wall / first[0], cpu / first[1]]
        )  # fmt: skip
    print_table(
        ["shape", "parameters", "dim", "GFLOP a paper", "ms a paper", "CPU ms a paper", "of MiniLM's time",
         "of its CPU time"], rows,
    )  # fmt: skip


def _seconds(config: PretrainedConfig, options: argparse.Namespace) -> tuple[float, float, int]:
    """Wall clock and processor seconds of a paper, the best of the rounds, and the number of parameters."""
    config.dtype = TORCH_NAMES[options.precision]
    model = AutoModel.from_config(config, attn_implementation="sdpa").eval().to(options.device, config.dtype)
    network = TorchNetwork(model, torch.device(options.device), "mean")
    size = min(options.papers, AT_ONCE if options.device == "cpu" else 256)
    ids = np.random.default_rng(0).integers(1000, 30_000, (size, options.tokens))
    mask = np.ones_like(ids, bool)

    def read() -> None:
        place = network.start(size, config.hidden_size)
        for _ in range(-(-options.papers // size)):
            network.pool(ids, mask, place, np.arange(size))
        network.finish(place)

    read()
    found = [measured("", read) for _ in range(options.rounds)]
    papers = -(-options.papers // size) * size
    return (
        min(one.wall_s for one in found) / papers,
        min(one.cpu_s for one in found) / papers,
        sum(one.numel() for one in model.parameters()),
    )


if __name__ == "__main__":
    main()
