"""What a language model adds to a run: it screens hits, names sub-topics and words briefs."""
