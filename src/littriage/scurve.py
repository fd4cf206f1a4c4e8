"""S-curves fitted to shares, and when their ceiling can be told."""
