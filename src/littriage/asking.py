"""Questions to a language model, asked once: cache, budget and ledger around any Llm."""
