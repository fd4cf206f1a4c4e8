"""A few sentences per direction, each with the papers it rests on, each checked against the record."""
