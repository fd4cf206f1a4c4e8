"""Hits that the rule cannot decide, asked of a language model or a person."""
