"""Roomwatch as people meet it: the commands, the API and the board."""

__version__ = "0.1.0"
