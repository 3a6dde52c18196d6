"""Fixtures for versioned tensor operators."""

__version__ = "0.1.0"
