"""What the core needs from the outside, as Protocols whose docstrings are the contract."""
