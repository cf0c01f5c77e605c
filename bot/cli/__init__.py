"""The ``ellie`` command."""
