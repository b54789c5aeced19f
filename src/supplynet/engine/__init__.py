"""Running pure functions over independent pieces of work."""
