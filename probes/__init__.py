"""Watching: probes that ask rooms services, and what is made of their answers."""
