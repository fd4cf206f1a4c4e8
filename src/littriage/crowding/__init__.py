"""Signs of saturation beside the counts: redundancy, newcomers, sub-topics, reviews and first applications."""
