"""Local models: where they come from, how they are loaded, how they generate."""

from __future__ import annotations

import os

# Threads of a product wait for each other by spinning. By default they spin for milliseconds, which
# on a machine with other work steals the processor from the very thread they wait for: with one
# busy neighbour on two cores a reply took three to five times as long. Spinning for microseconds
# costs a tenth on an idle machine. OpenMP reads this when torch is loaded, which nothing but this
# package does.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
