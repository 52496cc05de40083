"""What `--help` and `--version` print: first what one would type, then what there is."""

import platform

import click

from ..launch.server import SERVERS
from ..version import __version__

_EXAMPLES = (
    ("asgi-inspect main:app", "run it and watch every message"),
    ("asgi-inspect main:app --reload --port 9000", "any option of uvicorn, as it is"),
    ("asgi-inspect gunicorn -k asgi -w 4 main:app", "another server, as you start it"),
    ("asgi-inspect fastapi dev main.py", "a command that starts one"),
    ("asgi-inspect python run.py", "a script that starts one"),
    ("asgi-inspect -o trace.jsonl main:app", "the trace in a file of your own"),
    ("asgi-inspect --format jsonl main:app | jq .", "the records, as JSON"),
    ("asgi-inspect main:app --only status:5xx", "show only these; the trace has all"),
    ("asgi-inspect check main:app", "what does it break? nothing is served"),
    ("asgi-inspect doctor main:app", "would it run? nothing is served"),
    ("asgi-inspect show", "the last run here, once more"),
    ("asgi-inspect show trace.jsonl status:5xx", "what went wrong in a trace"),
    ("asgi-inspect show trace.jsonl --conn 17", "one connection of a trace"),
    ("asgi-inspect lint trace.jsonl", "what breaks the rules, and whose fault it is"),
)
_COMPLETION = 'eval "$(_ASGI_INSPECT_COMPLETE=bash_source asgi-inspect)"'


def version_option() -> click.Option:
    """`--version`, of us and of what we start."""
    return click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_show_version,
        help="Show the versions.",
    )


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import uvicorn

        python = f"{platform.python_implementation()} {platform.python_version()}"
        click.echo(f"asgi-inspect {__version__} (uvicorn {uvicorn.__version__}, {python}, {platform.system()})")
        ctx.exit()


def write_page(formatter: click.HelpFormatter, run: click.Command, ctx: click.Context) -> None:
    """The page of `run`, which is also the page of the whole command."""
    formatter.write("Usage: asgi-inspect [OPTIONS] MODULE:APP [OPTIONS OF UVICORN]\n")
    formatter.write("       asgi-inspect [OPTIONS] SERVER ITS OWN COMMAND LINE\n")
    formatter.write("       asgi-inspect COMMAND [OPTIONS]\n\n")
    with formatter.indentation():
        formatter.write_text("See what passes between an ASGI server and an application: live, and afterwards.")
    with formatter.section("Examples"):
        formatter.write_dl(_EXAMPLES, col_max=46)
    with formatter.section("Options"):
        formatter.write_dl([record for param in run.get_params(ctx) if (record := param.get_help_record(ctx))])
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(
            f"SERVER is one of {', '.join(SERVERS)}, or python, -m MODULE, or an installed command. Our options stand "
            "before it, and all behind it is its own. Without it the server is uvicorn, and all other options are "
            "uvicorn's: `asgi-inspect uvicorn --help` lists them."
        )
        formatter.write_paragraph()
        formatter.write_text(
            "Our options may also stand in [tool.asgi-inspect] of pyproject.toml (body-limit = 1024), or in variables "
            "(ASGI_INSPECT_BODY_LIMIT=1024)."
        )


def write_commands(formatter: click.HelpFormatter, group: click.Group, ctx: click.Context) -> None:
    """The other commands, and how a shell learns all of these words."""
    commands = [(name, group.get_command(ctx, name)) for name in group.list_commands(ctx)]
    with formatter.section("Commands"):
        formatter.write_dl(
            [(name, found.get_short_help_str(80)) for name, found in commands if found and not found.hidden]
            + [("help filters", "The words that choose connections: status:5xx path:/api/* -method:GET.")]
        )
    with formatter.section("Completion in bash (zsh, fish: zsh_source, fish_source)"):
        formatter.write(f"  {_COMPLETION}\n")
