"""Names of sub-topics in English and Chinese, asked of a language model and checked."""
