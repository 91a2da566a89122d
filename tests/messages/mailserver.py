"""A real SMTP server that answers as a script says, and writes down what it took before it says so.

In a process of its own: ``python -m tests.messages.mailserver FOLDER SEED``, with ``port`` and ``taken.jsonl`` there.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

#: How a mail is answered, and how often of a thousand. A silence costs a second each.
SHARES = {
    "take": 880, "later": 50, "never": 30, "drop": 20, "take_and_drop": 15, "hang_before": 2, "hang_after": 3,
}  # fmt: skip


class Script:
    """What to answer to a recipient, by a function; and what was taken."""

    def __init__(self, answer: Any = None, taken: Path | None = None) -> None:
        self.answer = answer or (lambda _recipient, _attempt: "take")
        self.taken = taken
        self.mails: list[tuple[str, EmailMessage]] = []
        self.attempts: Counter[str] = Counter()
        self.fates: Counter[str] = Counter()
        self.kill: Any = None
        self._now: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.attempts[address] += 1
        fate = self._now[address] = self.answer(address, self.attempts[address])
        self._note(fate, address)
        if fate == "never":
            return "550 no such person"
        if fate == "later":
            return "451 try again later"
        if fate == "hang_before":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        [address] = envelope.rcpt_tos
        fate = self._now[address]
        if fate in ("take", "take_and_drop", "take_and_kill"):
            self.mails.append((address, message_from_bytes(envelope.content, policy=policy.default)))
            self._note("taken", address)
        if fate == "take_and_kill":
            self.kill()
        if fate in ("drop", "take_and_drop"):
            server.transport.abort()
        if fate == "hang_after":
            await asyncio.sleep(3600)
        if fate == "later_after":
            return "452 no room"
        if fate == "never_after":
            return "554 looks like spam"
        return "250 taken"

    def _note(self, what: str, address: str) -> None:
        self.fates[what] += 1
        if self.taken is not None:
            with self.taken.open("a") as file:
                file.write(json.dumps([what, address]) + "\n")


class Server:
    """The server on a free port of this machine."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.port = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self.script, loop=loop), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]


def by_chance(seed: int) -> Any:
    """The same answer to the same recipient at the same attempt, whatever the order."""

    def answer(recipient: str, attempt: int) -> str:
        chance = random.Random(f"{seed} {recipient} {attempt}")
        return chance.choices(list(SHARES), list(SHARES.values()))[0]

    return answer


async def _serve(folder: Path, seed: int) -> None:
    server = Server(Script(by_chance(seed), folder / "taken.jsonl"))
    await server.start()
    (folder / "port").write_text(str(server.port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
