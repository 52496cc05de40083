"""What an application says that it has: a route table like Starlette's, an OpenAPI page.

Both are foreign. A table is read by the names of its attributes, so that it may be that of any framework of this family,
and what is not as expected there is left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from ...launch.frameworks import FRAMEWORKS, layers
from .samples import PLAIN, matching, resolved, sample_of

PAGES: Final = ("/openapi.json", "/schema/openapi.json", "/api/openapi.json")
"""Where frameworks put the OpenAPI page."""
_GAP: Final = re.compile(r"\{([^{}:]*)(?::[^{}]*)?\}")
_RULE_GAP: Final = re.compile(r"<(?:[^<>:]+:)?([^<>:]+)>")
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_DEEPEST: Final = 20  # tables inside of each other
_MOST: Final = 10_000  # routes


class Target(NamedTuple):
    """A route that can be asked."""

    template: str
    """`/teas/{name}`."""
    target: str
    """With its gaps filled, as it stands in a request: `/teas/sencha?grams=1`."""
    methods: frozenset[str] = frozenset({"GET"})
    websocket: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """That the operation needs."""
    own: bool = True
    """Whether it is the user's, and not one that the framework has added, as `/docs`."""
    needs_json: bool = False
    """Whether it takes a POST only with a JSON body, so that it refuses what is none."""


def page_of(app: Any) -> str | None:
    """Where the application says that its OpenAPI page is; None where it says nothing, or that it has none."""
    urls = [getattr(layer, "__dict__", {}).get("openapi_url") for layer in layers(app)]
    return next((url for url in urls if isinstance(url, str) and url.startswith("/")), None)


def table_of(app: Any) -> list[Target] | None:
    """The route table of an application, or of what is inside of it; None where there is none."""
    for layer in layers(app):
        held = getattr(layer, "__dict__", {})
        router = getattr(held.get("router"), "__dict__", held)
        routes = router.get("routes", getattr(layer, "routes", None))
        if isinstance(routes, list):
            found = dict.fromkeys(_routes(routes, "", {}, 0))
        elif (rules := getattr(held.get("url_map"), "iter_rules", None)) is not None:
            found = dict.fromkeys(_rules(rules()))
        else:
            continue
        return list(islice(found, _MOST))
    return None


def _rules(rules: Iterable[Any]) -> Iterator[Target]:
    """Those of Quart: `/teas/<int:number>`."""
    for rule in rules:
        with suppress(Exception):  # it may be of a kind that we do not know
            converters = getattr(rule, "_converters", {})
            samples = {name: matching(getattr(one, "regex", None)) for name, one in converters.items()}
            template = _RULE_GAP.sub(r"{\1}", rule.rule)
            yield _target(template, frozenset(rule.methods or ()), bool(rule.websocket), samples)._replace(
                own=rule.endpoint != "static"
            )


def _routes(routes: Iterable[Any], prefix: str, samples: Mapping[str, str], depth: int) -> Iterator[Target]:
    if depth > _DEEPEST:
        return
    for route in routes:
        try:
            yield from _route(route, prefix, samples, depth)
        except Exception:  # noqa: BLE001, S112 (a route of a kind that we do not know is one that is not asked)
            continue


def _route(route: Any, prefix: str, samples: Mapping[str, str], depth: int) -> Iterator[Target]:
    within: Callable[[], Iterable[Any]] | None = getattr(route, "effective_candidates", None)
    if within is not None:  # a router that FastAPI has included; it knows its own prefixes
        yield from _routes(within(), prefix, samples, depth + 1)
        return
    route = getattr(route, "starlette_route", None) or route
    path = getattr(route, "path_format", None)
    inner = getattr(route, "routes", None)
    if not isinstance(path, str):  # a host, behind which no name leads that we could ask for
        return
    convertors = getattr(route, "param_convertors", None) or {}
    samples = {**samples, **{name: matching(getattr(one, "regex", None)) for name, one in convertors.items()}}
    if _is_mount(route):
        prefix = f"{prefix}{path.removesuffix('/{path}')}"
        if inner:
            yield from _routes(inner, prefix, samples, depth + 1)
        else:
            yield _target(f"{prefix}/", frozenset({"GET"}), False, {**samples, "path": ""})
        return
    websocket = "websocket" in type(getattr(route, "original_route", route)).__name__.lower()
    methods = frozenset(getattr(route, "methods", None) or {"GET"})
    module = str(getattr(getattr(route, "endpoint", None), "__module__", "")).partition(".")[0]
    yield _target(f"{prefix}{path}", methods, websocket, samples)._replace(own=module not in FRAMEWORKS)


def _is_mount(route: Any) -> bool:
    return not hasattr(route, "methods") and hasattr(route, "routes")


def _target(template: str, methods: frozenset[str], websocket: bool, samples: Mapping[str, str]) -> Target:
    return Target(template, fill(template, samples), methods, websocket)


def fill(template: str, samples: Mapping[str, str]) -> str:
    """A template with its gaps filled, as it stands in a request."""
    pieces = _GAP.split(template)
    for at in range(1, len(pieces), 2):
        pieces[at] = samples.get(pieces[at], PLAIN)
    return quote("".join(pieces), safe="/:@!$&'()*+,;=-._~")


def operations(page: Any) -> list[Target]:
    """The operations of an OpenAPI page; empty where it is none."""
    paths = page.get("paths") if isinstance(page, Mapping) else None
    if not isinstance(paths, Mapping) or not ("openapi" in page or "swagger" in page):
        return []
    found = []
    for template, item in paths.items():
        if isinstance(template, str) and isinstance(item, Mapping):
            common = _list(item.get("parameters"))
            found += [
                _operation(template, method, operation, common, page)
                for method, operation in item.items()
                if method in _METHODS and isinstance(operation, Mapping)
            ]
    return found[:_MOST]


def _operation(
    template: str, method: str, operation: Mapping[str, Any], common: list[Any], page: Mapping[str, Any]
) -> Target:
    samples: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for parameter in (resolved(one, page) for one in [*common, *_list(operation.get("parameters"))]):
        place, name = parameter.get("in"), parameter.get("name")
        if place in samples and isinstance(name, str) and (place == "path" or parameter.get("required") is True):
            samples[place][name] = sample_of(parameter, page)
    query = urlencode(samples["query"])
    headers = [(name.lower().encode(), value.encode()) for name, value in samples["header"].items()]
    return Target(
        template,
        fill(template, samples["path"]) + (f"?{query}" if query else ""),
        frozenset({method.upper()}),
        headers=tuple(headers),
        needs_json=_needs_json(resolved(operation.get("requestBody"), page)),
    )


def _needs_json(body: Mapping[str, Any]) -> bool:
    content = body.get("content")
    return body.get("required") is True and isinstance(content, Mapping) and list(content) == ["application/json"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def merged(table: Iterable[Target], page: Iterable[Target]) -> list[Target]:
    """What either knows; of what both know, what the page says, for it knows the types."""
    told: dict[tuple[str, str], Target] = {}
    for target in page:
        for method in target.methods:
            told[target.template, method] = target
    found: dict[tuple[str, str], Target] = {}
    for target in table:
        for method in ["WEBSOCKET"] if target.websocket else sorted(target.methods):
            key = (target.template, method)
            found[key] = told.get(key, target._replace(methods=frozenset({method})))
    return [*found.values(), *(target for key, target in told.items() if key not in found)]
