"""Language models: the client, the ladder of answer formats, and the batch files that can stand in for it."""
