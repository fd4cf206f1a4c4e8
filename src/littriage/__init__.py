"""littriage: which research directions are rising, and which are saturated?

Nothing is imported here, so that asking a question stays fast.
"""

__version__ = "0.1.0"
