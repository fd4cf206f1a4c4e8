"""Conference papers by year: a second opinion on a direction."""
