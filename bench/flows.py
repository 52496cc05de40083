"""The same traffic as a file of mitmproxy, written by mitmproxy itself where it is installed."""

import shutil
import subprocess
from pathlib import Path

_ADDON = """
import json
from mitmproxy import ctx, http, io
from mitmproxy.test import tflow


def running():
    requests, starts, bodies, count = {}, {}, {}, 0
    with open(ctx.options.trace_in, "rb") as trace, open(ctx.options.flows_out, "wb") as out:
        writer = io.FlowWriter(out)
        for line in trace:
            record = json.loads(line)
            conn, message = record.get("conn"), record.get("message", {})
            if record["record"] == "scope" and record["scope"]["type"] == "http":
                count += 1
                if count % ctx.options.share == 0:
                    requests[conn] = record["scope"]
            elif conn not in requests:
                continue
            elif "status" in message:
                starts[conn] = message
            elif message.get("type") == "http.response.body":
                bodies[conn] = bodies.get(conn, "") + message["body"]
            elif record["record"] == "end":
                scope, start = requests.pop(conn), starts.pop(conn)
                flow = tflow.tflow(resp=True)
                headers = [(name.encode(), value.encode()) for name, value in scope["headers"]]
                flow.request = http.Request.make(scope["method"], "http://shop.example.org" + scope["path"], headers=headers)
                answered = [(name.encode(), value.encode()) for name, value in start["headers"]]
                flow.response = http.Response.make(start["status"], bodies.pop(conn, "").encode(), answered)
                writer.add(flow)
    ctx.master.shutdown()


def load(loader):
    loader.add_option("trace_in", str, "", "")
    loader.add_option("flows_out", str, "", "")
    loader.add_option("share", int, 1, "")
"""


def write_flows(trace: Path, out: Path, share: int) -> Path | None:
    """A share (one in so many) of the HTTP connections of a trace, as mitmproxy keeps them; None where it is not installed."""
    mitmdump = shutil.which("mitmdump")
    if mitmdump is None:
        return None
    addon = out.with_suffix(".py")
    addon.write_text(_ADDON, encoding="utf-8")
    options = [f"trace_in={trace}", f"flows_out={out}", f"share={share}"]
    command = [mitmdump, "-nq", "-s", str(addon), *(word for option in options for word in ("--set", option))]
    subprocess.run(command, check=True, timeout=600)
    return out
