"""A target led by atheris, in a process of its own: `python -m tests.fuzz.led TARGET SECONDS`."""

import os
import sys
import tempfile
import time

import atheris

with atheris.instrument_imports(include=["asgi_inspect"]):
    begun = time.monotonic()
    from tests.fuzz.targets import TARGETS

from hypothesis import given

from tests.fuzz.fuzzing import MARK, QUIETLY, Found, law_of


def main() -> None:
    """Fuzz until the time is over; what is found is printed, and ends it."""
    name, seconds = sys.argv[1:]
    target = TARGETS[name]
    law = law_of(name, target, lambda: None)

    @QUIETLY
    @given(target.values)
    def example(value: object) -> None:
        try:
            law(value)
        except Found as found:
            print(MARK + found.line, flush=True)
            raise

    left = max(1, round(float(seconds) - (time.monotonic() - begun)))  # without what it took to begin
    os.chdir(tempfile.gettempdir())  # where it may write what crashed
    atheris.Setup([sys.argv[0], f"-max_total_time={left}", "-len_control=0"], example.hypothesis.fuzz_one_input)  # type: ignore[attr-defined]
    atheris.Fuzz()


if __name__ == "__main__":
    main()
