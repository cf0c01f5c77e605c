"""Making one person's memory compact, step by step, in the background."""
