"""Numbers as the tables have them: three digits that count, whatever the size."""

from math import isfinite


def number_text(value: float) -> str:
    """`0.05`, `1.23`, `45.6`, `789`, `43,600`."""
    if not isfinite(value):
        return "?"
    size = abs(value)
    if size >= 9999.5:
        digits = len(str(int(size))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:,.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def size_text(value: float) -> str:
    """Bytes: `712 B`, `1.4 KiB`, `16.0 MiB`."""
    size = abs(value)
    if size < 1000:
        return f"{value:.0f} B"
    return f"{value / 1024:.1f} KiB" if size < 1000 * 1024 else f"{value / 1024 / 1024:.1f} MiB"
