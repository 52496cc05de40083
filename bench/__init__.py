"""Benchmarks: how fast traces are read, beside other tools."""
