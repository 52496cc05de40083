"""Every rule is what its manual says: its Bad breaks it, and it alone; its Good breaks nothing."""

import pytest

from asgi_inspect.lint.catalogue import all_rules, by_code
from tests.lint.examples import found_in

CODES = [rule.code for rule in all_rules()]


@pytest.mark.parametrize("code", CODES)
def test_bad_breaks_the_rule_and_no_other(code: str) -> None:
    for example in by_code()[code].manual.bad:
        found = found_in(code, example)
        assert {finding.code for finding in found} == {code}, f"{example}\n{found}"


@pytest.mark.parametrize("code", CODES)
def test_good_breaks_no_rule(code: str) -> None:
    for example in by_code()[code].manual.good:
        assert found_in(code, example) == [], example


def test_codes_and_names_are_of_one_rule_each() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    assert len({rule.name for rule in rules}) == len(rules)
