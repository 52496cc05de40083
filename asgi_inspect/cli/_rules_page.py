"""The page of all rules in `docs/`: `python -m asgi_inspect.cli._rules_page` prints it, a test fails when it is stale."""

from collections.abc import Iterator
from typing import Final

from ..lint.catalogue import all_rules
from ..lint.rule import Rule

FAMILIES: Final = {
    "A": "Every scope, call and message",
    "H": "HTTP",
    "W": "WebSocket",
    "L": "Lifespan",
    "X": "Extensions",
}
_HEAD: Final = """\
# Rules

{count} rules, of which {default} are on by default; the others are asked for with `--select CODE`. This page is made from the
rules themselves; `asgi-inspect explain CODE` prints one of them. How to use them: [linting.md](linting.md).

Of each rule's examples the first breaks it, and it alone; the second is right. An example defines `app`, an application, or
what a server does: `scope`, and `received`, the messages that `receive()` gives in turn. What it does not define is as it should
be. `http_scope(method="POST")` is a whole legal scope with that change, likewise `websocket_scope` and `lifespan_scope`, all of
`asgi_inspect.testing`. In `calls` there are several connections: the scope of each, what it receives, and the message with which
it begins, where it does not wait for the end of the one before. A `server` is what the server puts around the application.
"""


def rules_page() -> str:
    """The whole page."""
    rules = all_rules()
    default = sum(rule.about.default for rule in rules)
    parts = [_HEAD.format(count=len(rules), default=default)]
    for letter, title in FAMILIES.items():
        family = [rule for rule in rules if rule.code.startswith(letter)]
        parts.append(f"## {title}\n")
        parts.append(_table(family))
        parts += [_section(rule) for rule in family]
    return "\n".join(parts)


def _table(rules: list[Rule]) -> str:
    rows = [
        f"| [{rule.code}](#{_anchor(rule)}) | {rule.name} | {rule.severity} | {_party(rule)} | {_default(rule)} |"
        for rule in rules
    ]
    return (
        "\n".join(["| code | name | severity | at fault | default |", "| --- | --- | --- | --- | --- |", *rows]) + "\n"
    )


def _section(rule: Rule) -> str:
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    manual = rule.manual
    facts = [rule.severity, f"fault of the {_party(rule)}", _default(rule)]
    if rule.about.since is not None:
        facts.append(f"since version {rule.about.since}")
    if rule.about.extension is not None:
        facts.append(f"extension `{rule.about.extension}`")
    yield f"### {rule.code} {rule.name}\n"
    yield f"*{', '.join(facts)}*\n"
    yield manual.what + "\n"
    yield f"**Why it matters.** {manual.why}\n"
    yield f"**Fix.** {manual.fix}\n"
    for title, examples in (("Bad", manual.bad), ("Good", manual.good)):
        for example in examples:
            yield f"{title}:\n\n```python\n{example.rstrip()}\n```\n"
    yield f"Specification: [{rule.section.title}]({rule.section.url})\n"


def _anchor(rule: Rule) -> str:
    return f"{rule.code} {rule.name}".lower().replace(" ", "-")


def _party(rule: Rule) -> str:
    return {"sender": "sender of the message"}.get(rule.about.party, rule.about.party)


def _default(rule: Rule) -> str:
    if not rule.about.default:
        return "off"
    return "once for each process" if rule.about.once else "on"


if __name__ == "__main__":
    print(rules_page(), end="")
