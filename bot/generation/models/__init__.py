"""Where language models come from and how they reach this machine's disk.

A setting names a model (``sources``), ``choice`` picks one when nobody did, ``pull`` fetches it
into the ``store``. Nothing here loads a model to generate with it.
"""
