"""Memory is asked for before an encoder needs it, and only for what is large."""

import pytest

from asgi_inspect.capture import memory


def test_more_than_there_is() -> None:
    with pytest.raises(MemoryError):
        memory.ask_for(1 << 60)
    memory.ask_for(1 << 20)


@pytest.mark.parametrize(
    ("tree", "size"),
    [
        ({"body": "x" * 200_000}, 200_000),
        ({"body": {"$truncated": {"size": 1 << 40, "head": {"$base64": "x" * 300_000}}}}, 300_000),
        ({"text": "\udcff" * 100_000, "headers": [["a", "b"]]}, 400_002),
        ({"body": "x"}, None),
        (None, None),
    ],
)
def test_what_is_large(tree: object, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "ask_for", asked.append)
    memory.ask_for_tree(tree)
    assert asked == ([] if size is None else [size])
