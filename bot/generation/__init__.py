"""Local models: where they come from, how they are loaded, how they generate."""
