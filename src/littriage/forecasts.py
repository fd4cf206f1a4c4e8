"""Forecasts on record and what became of them."""
