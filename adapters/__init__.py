"""Translators between platforms and the core, as thin as possible."""
