"""The use cases: what Ellie does, step by step. The only callers of ports."""
