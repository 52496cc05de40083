"""The statistics: medians, spreads, comparisons round by round, what is certain; and what a run of figures is kept as."""

import json
from math import inf, nan

import pytest

from bench.figures import FILE, NOOP, Figure, Figures, Key, Ratio, bare_beside
from bench.units import number_text, size_text

FILED = Key("inside", "hello", FILE, "us")


def figures(**ways: list[float]) -> Figures:
    """Samples by way, one a round."""
    found = Figures()
    for way, samples in ways.items():
        for number, sample in enumerate(samples):
            found.add(FILED._replace(way=way.replace("_", "-")), number, sample)
    return found


def samples_of(figure: Figure | None) -> tuple[float, ...]:
    assert figure is not None
    return figure.samples


def test_a_spread_holds_eight_of_ten_samples() -> None:
    figure = Figure(tuple(map(float, range(11))))
    assert (figure.low, figure.median, figure.high) == (1, 5, 9)
    assert (Figure((7.0,)).low, Figure((7.0,)).median, Figure((7.0,)).high) == (7, 7, 7)


@pytest.mark.parametrize(
    ("count", "within"),
    # By the sign test, at 99 %: of n samples the k-th from each end, where 2 * P(fewer than k of n coins) <= 0.01.
    [(1, None), (7, None), (8, 1), (10, 1), (11, 1), (12, 2), (15, 3), (24, 6), (30, 8)],
)
def test_where_the_median_lies_with_certainty(count: int, within: int | None) -> None:
    figure = Figure(tuple(map(float, reversed(range(1, count + 1)))))
    assert figure.certain == ((-inf, inf) if within is None else (within, count + 1 - within))


def test_ways_are_compared_within_a_round() -> None:
    found = figures(bare=[10.0, 20.0, 30.0], file=[11.0, 22.0, 33.0])
    assert samples_of(found.added(FILED)) == (1, 2, 3)
    assert samples_of(found.kept(FILED)) == pytest.approx((1.1, 1.1, 1.1))


def test_a_round_that_one_of_them_lacks_does_not_count() -> None:
    found = figures(bare=[10.0, 20.0], file=[11.0, 22.0, 33.0])
    assert samples_of(found.added(FILED)) == (1, 2)
    assert found.added(FILED._replace(app="upload")) is None
    assert Figures().kept(FILED) is None
    assert figures(bare=[1.0]).added(FILED) is None


def test_a_way_with_a_process_of_its_own_is_compared_with_the_bare_application_there() -> None:
    found = figures(bare=[10.0], terminal=[50.0])
    found.add(FILED._replace(way=bare_beside("terminal")), 0, 20.0)
    assert samples_of(found.added(FILED._replace(way="terminal"))) == (30,)
    assert found.names("inside", "way") == ["bare", "terminal"]


def test_what_one_adds_beyond_another() -> None:
    found = figures(bare=[10.0, 20.0], no_op=[11.0, 23.0], file=[15.0, 29.0])
    assert samples_of(found.difference(FILED, FILED._replace(way=NOOP))) == (4, 6)


def test_a_ratio_is_that_of_the_medians() -> None:
    found = figures(bare=[0.0, 0.0, 0.0], no_op=[1.0, 2.0, -1.0], file=[9.0, 10.0, 11.0])
    ratio = found.times(FILED, FILED._replace(way=NOOP))
    assert ratio is not None
    assert ratio.median == 10
    assert ratio.high == inf  # a no-op wrapper that costs nothing is among what was seen
    assert Ratio(Figure((1.0,)), Figure((0.0,))).median == inf


def test_figures_survive_json() -> None:
    found = figures(bare=[1.0, 2.0], file=[3.0, 4.0])
    found.remark("inside", "hello", "asgion", "does not install here", "HEAD~1")
    found.facts["python"] = "CPython 3.13.1"
    again = Figures()
    again.take(json.loads(json.dumps(found.dump())))
    assert (again.rounds, again.remarks, again.facts) == (found.rounds, found.remarks, found.facts)
    assert again.dump()["samples"][0]["median"] == 1.5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (-0.041, "-0.04"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.96, "100"),
        (1234.4, "1,234"),
        (43_567.0, "43,600"),
        (137_499.0, "137,000"),
        (inf, "?"),
        (nan, "?"),
    ],
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(712.0, "712 B"), (2048.0, "2.0 KiB"), (-3.0, "-3 B"), (16.0 * 1024**2, "16.0 MiB")]
)
def test_sizes(value: float, text: str) -> None:
    assert size_text(value) == text
