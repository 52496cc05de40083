"""The version, where every part can read it; the package's metadata is made from it."""

__version__ = "0.1.0"
