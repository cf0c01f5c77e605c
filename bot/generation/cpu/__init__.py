"""Products of few-bit weights on a processor, compiled for it when Ellie starts."""
