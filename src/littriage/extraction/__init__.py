"""Claims and directions that a language model reads in a document, each checked against the text."""
