"""What people can ask of Ellie besides talking: defined once, for every platform."""
