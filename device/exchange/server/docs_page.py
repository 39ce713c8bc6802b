"""/docs: the API as one page, drawn from its OpenAPI description; no script, nothing from elsewhere."""

import html
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>callbox exchange: API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/web/docs.css"></head>
<body><main><h1>{title}</h1>
<p>{description} Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>
{routes}<h2>Messages</h2>{messages}</main></body></html>
"""


def render(openapi: dict[str, Any]) -> str:
    """The page, as HTML."""
    routes = "".join(
        _route(method, path, operation)
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    )
    schemas = openapi.get("components", {}).get("schemas", {})
    messages = "".join(_message(name, schema) for name, schema in sorted(schemas.items()))
    info = openapi["info"]
    return _PAGE.format(
        title=html.escape(info["title"]),
        description=html.escape(info.get("description", "")),
        routes=routes,
        messages=messages,
    )


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = "".join(
        f"<li><code>{html.escape(status)}</code> {_schema(answer)}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<section><h3><code>{method.upper()} {html.escape(path)}</code></h3>"
        f"<p>{html.escape(operation.get('description', ''))}</p>"
        f"<p>Body: {_type(body.get('schema', {}))}</p><ul>{answers}</ul></section>"
    )


def _schema(answer: dict[str, Any]) -> str:
    content = answer.get("content", {}).get("application/json", {})
    return _type(content.get("schema", {})) if content else html.escape(answer["description"])


def _message(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{html.escape(field)}</code></td><td>{_type(kind)}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    heading = f'<h3 id="{html.escape(name)}">{html.escape(name)}</h3>'
    text = html.escape(schema.get("description", ""))
    return f"<section>{heading}<p>{text}</p><table>{rows}</table></section>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = html.escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return html.escape(" | ".join(str(each) for each in schema["enum"]))
    if schema.get("type") == "array":
        return "list of " + _type(schema.get("items", {}))
    return html.escape(str(schema.get("type", "none")))
