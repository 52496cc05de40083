"""Fuzz: values of any kind against the laws of `targets`, in all for as long as is said: `make fuzz`, `make fuzz SECONDS=60`.

Half of the time hypothesis alone, half of it led by atheris where that is installed. For each value that breaks a law a line
is printed: put it into tests/fuzz/found.py, and every run of the tests begins with it.
"""

import argparse
import sys

from tests.fuzz.found import FOUND
from tests.fuzz.fuzzing import Fuzzed, by_atheris, by_hypothesis, has_atheris
from tests.fuzz.targets import TARGETS


def main() -> int:
    """1 where something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="in all (600)")
    parser.add_argument("--only", action="append", choices=list(TARGETS), help="this target; may be repeated")
    chosen = parser.parse_args()
    names = chosen.only or list(TARGETS)
    led = has_atheris()
    share = chosen.seconds / len(names) / (1 + led)
    print(
        f"{len(names)} targets, {share:.0f} s each by hypothesis{f', {share:.0f} s led by atheris' if led else ' (atheris is not installed)'}"
    )
    for name, value in FOUND:
        TARGETS[name].law(value)
    found = []
    for name in names:
        found += _told(name, "hypothesis", by_hypothesis(name, TARGETS[name], share))
        if led:
            found += _told(name, "atheris", by_atheris(name, share))
    if found:
        print("\nFound; keep these lines in tests/fuzz/found.py:", *found, sep="\n")
    else:
        print("nothing found")
    return 1 if found else 0


def _told(name: str, by: str, fuzzed: Fuzzed) -> list[str]:
    print(f"{name}, {by}: {fuzzed.examples:,} examples{', broken' if fuzzed.found else ''}", flush=True)
    return [fuzzed.found] if fuzzed.found else []


if __name__ == "__main__":
    sys.exit(main())
