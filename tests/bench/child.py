"""A process that a benchmark asks things: one line of JSON there, one back."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self


class Child:
    """Used in ``with``; ends with its input. What it logs goes to standard error."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def ask(self, do: str, **named: Any) -> Any:
        """Raises RuntimeError when it has died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **named}) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(f"{self._process.args!r} has ended when asked to {do}")
        return json.loads(said)


async def serve(works: dict[str, Callable[..., Awaitable[Any]]]) -> None:
    """In the child: do what is asked, one after another, until the input ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        answer = await works[asked.pop("do")](**asked)
        print(json.dumps(answer), flush=True)
