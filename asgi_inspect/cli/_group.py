"""The first word decides: the name of a command is that command, anything else belongs to `run`."""

import importlib
import os
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..launch.server import SERVERS
from ..text import safe
from ._help import version_option, write_commands, write_page

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_DEFAULT = "run"
_GENERAL = ("--help", "--version")


class Commands(click.Group):
    """All commands; each is the `command` of the module of its name in this folder."""

    def __init__(self, name: str) -> None:
        super().__init__(name, params=[version_option()])

    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = pkgutil.iter_modules([str(Path(__file__).parent)])
        return sorted(module.name for module in modules if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found = importlib.import_module(f"{__package__}.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if not args and not os.environ.get("UVICORN_APP"):  # which names an application as well as a word would
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        if args[:1] == ["help"] and args[1:2] in (["filters"], ["filter"]):
            from ._filters_page import filters_page

            click.echo(filters_page(), nl=False)
            ctx.exit()
        if args[:1] == ["help"] and args[1:] and not self.is_known(args[1], ctx):
            raise UsageError(f"there is no command {safe(args[1])}: asgi-inspect --help lists them all.")
        if args and args[0] == "help":  # as other commands have it
            args = [*args[1:2], "--help"]
        if not args or args[0] not in (*_GENERAL, *self.list_commands(ctx)):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def is_known(self, word: str, ctx: click.Context) -> bool:
        """Whether a word has a page of help: ours, or a server's."""
        return word in self.list_commands(ctx) or word in SERVERS

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands, and what may stand first without one: all that `run` takes."""
        from click.shell_completion import CompletionItem

        found = super().shell_complete(ctx, incomplete)
        run = self.get_command(ctx, _DEFAULT)
        assert run is not None
        known = {item.value for item in found}
        with run.make_context(_DEFAULT, [], parent=ctx, resilient_parsing=True) as inner:
            found += [CompletionItem(word) for word in (*SERVERS, "python") if word.startswith(incomplete)]
            return found + [item for item in run.shell_complete(inner, incomplete) if item.value not in known]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        run = self.get_command(ctx, _DEFAULT)
        assert run is not None
        write_page(formatter, run, click.Context(run, info_name=_DEFAULT, parent=ctx))
        write_commands(formatter, self, ctx)
