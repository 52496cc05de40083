"""What commands that lint have in common: which rules are asked, how the findings are reported, and the exit status."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self, TypeAlias

import click

from ..export._findings import FORMATS, Format, Report, safe_finding, write_report
from ..launch.output import Output
from ..lint.choice import DEFAULT, Choice
from ..lint.finding import SEVERITIES, Finding, Party, Severity, rank
from ..lint.linter import Linter
from ..render.block import Block, Row
from ..render.console import Color
from ..render.findings import findings_page, totals
from ..render.heads import joined
from ..views.spans import Line, Own, plural
from ._pager import paged
from ._screen import print_on
from ._settings import directory, lint_defaults, lint_settings
from ._writing import writing_to

FOUND: Final = 1
"""The exit status where something was found."""
Form: TypeAlias = Literal["text"] | Format


class LintingCommand(click.Command):
    """A command whose choice of rules may also stand in variables and `pyproject.toml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            ctx.default_map = {**(ctx.default_map or {}), **lint_defaults(directory(), os.environ)}
        return super().parse_args(ctx, args)


def lint_options() -> list[click.Parameter]:
    """What such a command takes; `Linting.read` takes it all."""
    return [
        *lint_settings(),
        click.Option(
            ["--format"],
            metavar="FORMAT",
            type=click.Choice(["text", *FORMATS]),
            default="text",
            help="text (default), json, sarif (code scanners), junit (XML for CI), or github (annotations of a workflow).",
        ),
        click.Option(
            ["-o", "--out"],
            default="-",
            show_default="standard output",
            metavar="OUT",
            help="The file to write; one that exists is replaced, once all is written.",
        ),
        click.Option(
            ["--color"],
            metavar="WHEN",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Colours: auto (default: on a terminal, unless NO_COLOR is set), always, or never.",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class Linting:
    """How a command lints, as the command line has it.

    choice: the rules that are asked; it tells of every level, so that what is left out can be counted.
    """

    choice: Choice
    level: Severity
    format: Form = "text"
    out: str = "-"
    color: Color = "auto"

    @classmethod
    def read(cls, options: dict[str, Any], parties: Iterable[Party] | None = None) -> Self:
        """Take ours out of a command's options. parties: whose faults are told. Raises UsageError for an unknown rule."""
        select, ignore = (",".join(options.pop(name)) for name in ("select", "ignore"))
        choice = Choice.read(select or DEFAULT, ignore)
        if parties is not None:
            choice = replace(choice, parties=frozenset(parties))
        return cls(choice=choice, **{name: options.pop(name) for name in ("level", "format", "out", "color")})

    @classmethod
    def of_run(cls, defaults: dict[str, Any], color: Color) -> Self:
        """How a run is linted that is shown live. defaults: what variables and `pyproject.toml` say."""
        chosen = {"select": (), "ignore": (), "level": "warning", **defaults}
        return cls.read({**chosen, "format": "text", "out": "-", "color": color})

    def live(self) -> Linter:
        """What judges a run while it is shown."""
        return Linter(replace(self.choice, level=self.level))

    def report(self, found: "Judged") -> int:
        """Write the report; returns the exit status, which is 1 where anything is as bad as the level says."""
        told = self.told(found.findings)
        if self.format == "text":
            self._print(told, found)
        else:
            with writing_to(self.out, found.traces) as write:
                write(write_report(self.format, self._report(told, found)))
        return FOUND if told else 0

    def told(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those that are as bad as the level says, or worse."""
        return [finding for finding in findings if rank(finding.severity) <= rank(self.level)]

    def _report(self, told: Sequence[Finding], found: "Judged") -> Report:
        return Report(
            findings=list(map(safe_finding, told)),
            level=self.level,
            connections=found.connections,
            traces=found.traces,
            source=found.source,
            lines=found.lines,
        )

    def _print(self, told: Sequence[Finding], found: "Judged") -> None:
        blocks = [*found.before, *findings_page(told, found.look, found.files), self._last_line(told, found)]
        if self.out == "-":
            with paged(Output(1)) as outlet:
                print_on(outlet, self.color, blocks)
            return
        with writing_to(self.out, found.traces) as write:
            write(as_text(blocks))

    def _last_line(self, told: Sequence[Finding], found: "Judged") -> Block:
        return last_line(told, found.findings, found.connections)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What came of it. traces: the files. look: the command that shows a connection of them, with `{conn}` for its id."""

    findings: Sequence[Finding]
    connections: int
    traces: Sequence[str] = ()
    source: str = ""
    """The file of the application, where that is known; else what was found is in the trace."""
    look: str | None = None
    lines: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """Where records stand: file and line, by connection and number (a scope's is 0)."""
    before: Sequence[Block] = ()
    """What people read before the findings."""

    @property
    def files(self) -> dict[str, str]:
        """In which file which connection is, as far as `lines` tells."""
        return {conn: file for (conn, _), (file, _) in self.lines.items()}


def last_line(told: Sequence[Finding], all_of_them: Sequence[Finding], connections: int) -> Block:
    """`── 2 errors · 1 warning · 1,234 connections`, and what was not told."""
    counts = Counter(finding.severity for finding in all_of_them)
    shown = Counter(finding.severity for finding in told)
    parts: list[Line] = [totals(told)] if told else [[("no findings", "good")]]
    parts.append([(plural(connections, "connection"), "quiet")])
    left_out = [severity for severity in SEVERITIES if counts[severity] > shown[severity]]
    parts += [
        [(f"{counts[severity]:,} of level {severity} not shown (--level {severity})", "quiet")] for severity in left_out
    ]
    line: Line = [(Own("── "), "quiet"), *joined(parts)]
    return Block(lambda _: [Row(line, hang=3)])


def as_text(blocks: Iterable[Block]) -> str:
    """What a file gets: no colours, and each line whole."""
    import io

    from ..render.console import Printer, make_console

    console = make_console(io.StringIO(), "never", {})
    return Printer(console, lambda text: None).render(blocks)
