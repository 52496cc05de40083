"""Paths without a route: what is an identifier, and what is a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.folding import clipped, folded

PATHS = [
    ("", ""),
    ("/", "/"),
    ("/items", "/items"),
    ("/items/42", "/items/{id}"),
    ("/items/42/", "/items/{id}/"),
    ("/users/7/orders/-8/lines/9", "/users/{id}/orders/{id}/lines/{id}"),
    ("/12.json", "/{id}.json"),
    ("/order-1234", "/order-{id}"),
    ("/api/v1/users", "/api/v1/users"),
    ("/python-3.11/3.11", "/python-3.11/3.11"),
    ("/2024-01-02-a-post", "/{date}-a-post"),
    ("/u/3F2504E0-4F89-11D3-9A0C-0305E82C3301/x", "/u/{uuid}/x"),
    ("/o/507f1f77bcf86cd799439011", "/o/{hex}"),
    ("/main.3f2a9b1c.js", "/main.{hex}.js"),
    ("/deadbeef/cafe", "/deadbeef/cafe"),
    ("/x/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/x/{token}"),
    ("/t/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNry", "/t/{token}"),
    ("/accessibility-statement-for-all-visitors-2024", "/accessibility-statement-for-all-visitors-{id}"),
    ("/书籍/42/第3章", "/书籍/{id}/第3章"),
    ("/书42", "/书42"),
    ("/٣", "/٣"),
    ("*", "*"),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_what_is_an_identifier(path: str, expected: str) -> None:
    assert folded(path) == expected


@given(st.text(max_size=300))
def test_any_path_can_be_folded(path: str) -> None:
    found = folded(clipped(path))
    assert found.count("/") == clipped(path).count("/")


@given(st.integers(0), st.integers(0))
def test_numbers_are_all_the_same(one: int, other: int) -> None:
    assert folded(f"/a/{one}/b") == folded(f"/a/{other}/b")


def test_a_long_name_is_cut() -> None:
    assert len(clipped("/" + "a" * 100_000)) == 201
