"""A damped local linear trend over many series at once."""
