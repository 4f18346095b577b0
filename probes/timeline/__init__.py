"""What happened, beside the numbers: alerts of every source, notes and announcements."""
