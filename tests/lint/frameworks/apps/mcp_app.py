"""MCP's SDK: a server of tools over streamable HTTP, in all its revisions of the protocol."""

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("leaves")


@server.tool()
def grow(leaves: int) -> str:
    """Say how many there are now."""
    return f"{leaves + 1} leaves"


@server.tool()
async def slowly(context: Context) -> str:
    """Tell of its progress first."""
    for number in range(3):
        await context.report_progress(number, 3)
    return "done"


@server.tool()
def fails() -> str:
    """Fail."""
    raise RuntimeError("as the tool wished")


app = server.streamable_http_app()
