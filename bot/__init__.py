"""Ellie's core: domain values, the turn, memory, prompt, generation, scheduling."""
