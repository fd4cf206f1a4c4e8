"""How well a new name, described in other words, is matched with the known direction that it means.

    python benchmarks/name_matching.py

Prints, for the thresholds of `littriage.extraction.matching`, how many of the known directions below are found again
by a description in other words, and how many of the directions that the catalogue lacks are taken for a known one. The
descriptions were written for this file, and the thresholds were chosen on them: the figures are a little optimistic.
"""

from __future__ import annotations

from littriage import resources
from littriage.directions import load_catalogue
from littriage.embedding import load_transformer
from littriage.extraction.matching import MARGIN, MATCH, SUGGESTION, nearest

KNOWN = {
    "denoising-diffusion": (
        "Denoising diffusion probabilistic models",
        "Generative models that learn to reverse a gradual noising of data.",
    ),
    "diffusion-fast-sampling": (
        "Accelerating diffusion model sampling",
        "Cutting the number of steps that a diffusion model needs to draw a sample.",
    ),
    "mixture-of-experts": ("Sparse expert models", "Networks that route each input to a few of many sub-networks."),
    "neural-architecture-search": (
        "Automatic architecture design",
        "Searching for the structure of a neural network by algorithm.",
    ),
    "lottery-ticket": (
        "Winning tickets in sparse networks",
        "Small subnetworks of a dense network that train as well as the whole.",
    ),
    "instance-attribution-influence": (
        "Influence functions",
        "Tracing a prediction back to the training examples that caused it.",
    ),
    "residual-flows": ("Invertible residual networks", "Flows made of Lipschitz residual blocks and their capacity."),
    "mode-collapse": ("Mode dropping in generators", "A GAN that produces few kinds of samples."),
    "data-copying-memorization": (
        "Memorization in generative models",
        "Detecting when a generator copies its training data.",
    ),
    "transformer-medical-segmentation": (
        "Transformers for medical image segmentation",
        "U-Net variants whose encoder or decoder is a transformer.",
    ),
    "lightweight-attention": ("Efficient channel attention", "Cheap attention modules that improve a CNN."),
    "few-shot-learning": ("Learning from few examples", "Classifying new classes from a handful of labelled samples."),
    "text-to-sql": ("Natural language interfaces to databases", "Translating questions into database queries."),
    "hyperparameter-optimization": (
        "Automatic tuning",
        "Choosing learning rates and other settings by algorithm instead of by hand.",
    ),
    "plm-compression": ("Small BERTs", "Distilling pre-trained language models into light ones."),
    "adversarial-robustness": (
        "Adversarial examples",
        "Small perturbations that fool classifiers and defences against them.",
    ),
    "infinite-width-gp": ("Wide networks as Gaussian processes", "The limit of infinitely many units in a layer."),
    "flat-minima": (
        "Wide minima and generalization",
        "Flatness of the loss around a solution and how well it generalizes.",
    ),
    "clip-zero-shot": (
        "Contrastive vision-language zero-shot recognition",
        "Applying CLIP to recognise classes never seen.",
    ),
    "open-vocabulary-detection": ("Zero-shot object detection", "Detecting objects of classes named only in text."),
    "continual-learning": ("Lifelong learning", "Learning tasks one after another without forgetting."),
    "mlp-vision-models": ("All-MLP vision backbones", "Image models made of multilayer perceptrons alone."),
    "synthetic-training-data": (
        "Learning from rendered images",
        "Training recognisers on simulated or generated data and closing the domain gap.",
    ),
    "energy-based-learning": ("Energy-based models", "Learning a scalar energy over configurations."),
    "object-centric-learning": ("What is an object", "Discovering objects and parts without supervision."),
    "distributed-parallel-training": ("Training across many GPUs", "Data, tensor and pipeline parallelism."),
    "commonsense-reasoning": ("Common sense in language models", "Answering everyday questions."),
    "scientific-machine-learning": (
        "Neural solvers of differential equations",
        "Networks that respect the laws of physics.",
    ),
}
"""Slug -> another name and scope for the same."""

LACKING = (
    ("Graph neural networks", "Message passing over nodes and edges of graphs."),
    ("Federated learning", "Training across clients that keep their data."),
    ("Reinforcement learning from human feedback", "Aligning language models with people's preferences."),
    ("Neural radiance fields", "Rendering new views of a scene from a network of its light."),
    ("Speech recognition", "Turning recorded speech into text."),
    ("Recommender systems", "Predicting which items a user will like."),
    ("Retrieval-augmented generation", "Language models that look passages up before they answer."),
    ("Post-training quantization", "Weights of networks in few bits."),
    ("Differential privacy in deep learning", "Training with bounded leakage of any example."),
    ("Time series forecasting", "Predicting the next values of series."),
    ("Language model agents", "Models that call tools and plan."),
    ("Protein structure prediction", "Folding sequences into shapes."),
    ("State space models for sequences", "Linear recurrences in place of attention."),
    ("Hallucination in language models", "Statements that no source supports."),
    ("Causal discovery", "Finding the graph of causes from data."),
    ("Robot manipulation", "Policies that grasp and move objects."),
    ("Spiking neural networks", "Neurons that speak in pulses."),
    ("Out-of-distribution detection", "Noticing inputs unlike the training data."),
)


def main() -> None:
    """Print the figures of docs/documents.md."""
    catalogue = load_catalogue(resources.folder("queries"))
    embedder = load_transformer(precision="float32")
    found = nearest(dict(KNOWN.values()), catalogue, embedder)
    right = wrong = suggested = 0
    for slug, (name, _) in KNOWN.items():
        near = found.get(name)
        if near and near.certain:
            right, wrong = right + (near.slug == slug), wrong + (near.slug != slug)
        suggested += bool(near and near.slug == slug)
    others = nearest(dict(LACKING), catalogue, embedder)
    highest = max(others.values(), key=lambda near: near.similarity)
    print(f"{embedder.model}, match from {MATCH}, {MARGIN} above the next; suggestion from {SUGGESTION}")
    print(f"{len(KNOWN)} known directions in other words: {right} matched rightly, {wrong} wrongly;")
    print(f"  for {suggested} the nearest one, shown, is the right one")
    print(f"{len(LACKING)} directions that the catalogue lacks: {sum(n.certain for n in others.values())} matched;")
    print(f"  {len(others)} have a suggestion; the highest cosine is {highest.similarity:.2f}, to {highest.slug}")


if __name__ == "__main__":
    main()
