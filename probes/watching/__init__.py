"""What Watch is made of: answers and what changed between them, sums, pages, pace and runs."""
