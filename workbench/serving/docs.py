"""The page at /docs: what can be asked, from the very description that /openapi.json gives.

It is one file without scripts, so that it looks the same where there is no network, and nothing of elsewhere runs in
it.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.5rem }
h1 { font-size: 22px; margin: 0 }
h2 { font-size: 16px; margin: 2rem 0 0 }
article { border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); padding: 0.75rem 0 }
article { margin-top: 0.5rem }
h3 { font-size: 15px; font-weight: normal; margin: 0 }
p, dl { margin: 0.25rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }
dd { margin: 0 }
code { font: 13px/1.5 ui-monospace, monospace }
.muted { color: color-mix(in srgb, currentColor 70%, transparent) }
"""
_TOKEN = "Every request carries a token in a header: <code>Authorization: Bearer TOKEN</code>"
_MACHINES = 'The same for programs: <a href="openapi.json"><code>openapi.json</code></a>'


def page(api: Mapping[str, Any]) -> str:
    """Return the page about what a description in OpenAPI's form tells."""
    title = escape(api["info"]["title"])
    return "".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>',
            f'<h1>{title}</h1><p class="muted">{escape(api["info"].get("summary", ""))}</p>',
            f"<p>{_TOKEN}</p><p>{_MACHINES}</p>",
            *_routes(api["paths"]),
            "</body></html>",
        )
    )


def _routes(paths: Mapping[str, Any]) -> Iterator[str]:
    """Yield the routes, each group of them below its name."""
    group = None
    for path, ways in paths.items():
        for method, way in ways.items():
            own = next(iter(way.get("tags", ())), "Service")
            if own != group:
                group = own
                yield f"<h2>{escape(group)}</h2>"
            yield f"<article><h3><code>{method.upper()} <strong>{escape(path)}</strong></code></h3>"
            yield f"<p>{escape(way.get('summary', ''))}</p>"
            if about := way.get("description"):
                yield f'<p class="muted">{escape(about)}</p>'
            yield from _parameters(way.get("parameters", ()))
            yield "</article>"


def _parameters(parameters: Any) -> Iterator[str]:
    if parameters:
        yield "<dl>"
        for each in parameters:
            needed = "" if each["required"] else ", may be left out"
            kind = each["schema"].get("type", "")
            yield f"<dt><code>{escape(each['name'])}</code></dt>"
            yield f'<dd class="muted">{escape(kind)} in the {escape(each["in"])}{needed}</dd>'
        yield "</dl>"
