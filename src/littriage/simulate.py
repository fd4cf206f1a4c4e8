"""Panels of counts whose truth is known."""
