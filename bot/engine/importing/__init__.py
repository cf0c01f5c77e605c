"""Bringing in what :mod:`bot.engine.memory_export` gave out, here or elsewhere.

``reading`` makes values of a file and trusts nothing in it, ``limits`` bounds each value,
``checking`` looks at how they fit together, ``importer`` stores them.
"""
