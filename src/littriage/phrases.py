"""Phrases of titles and abstracts as topics."""
