"""A loopback stand-in for arXiv's query API and its OAI-PMH service, for the demo and the tests."""

from littriage.replica.server import Replica

__all__ = ["Replica"]
