"""Benchmarks: what it costs to watch an application, beside other ways; how fast traces are read, beside other tools."""
