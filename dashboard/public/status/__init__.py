"""`/status`: the page of everything that is public, what happened in the last day, and its feeds."""
