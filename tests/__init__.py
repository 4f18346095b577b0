"""Tests, and what they share: `from tests.servers import …`."""
