"""``python -m project.demo``: what ``make demo`` runs.

Environment: ``SITE`` (the profile, ``harvest``), ``SERVE`` (``0`` ends after the ledger), ``PORT`` (8000),
``DATABASE_URL``, ``CELERY_BROKER_URL`` and ``DEMO_DIR`` as in the site's settings.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

HOST = "127.0.0.1"
PROFILES = Path(__file__).resolve().parent.parent / "profiles"


class CannotStart(Exception):
    """The environment does not let the demonstration begin; says what to change."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the environment asked for."""

    site: str
    serve: bool
    port: int

    @classmethod
    def read(cls) -> Wanted:
        """Raises:
        CannotStart: a variable has no meaning, or the port is taken.
        """
        site = os.environ.get("SITE") or "harvest"
        known = sorted(path.stem for path in PROFILES.glob("*.toml"))
        if site not in known:
            raise CannotStart(f"SITE={site} is no profile here. Use one of: {', '.join(known)}.")
        serve = os.environ.get("SERVE", "1").strip() not in {"0", "no", "false", ""}
        word = os.environ.get("PORT") or "8000"
        if not word.isdecimal() or not 0 < int(word) < 65536:
            raise CannotStart(f"PORT={word} is no port. Give a number between 1 and 65535.")
        wanted = cls(site, serve, int(word))
        if serve:
            wanted.reach_port()
        return wanted

    def reach_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError:
                raise CannotStart(
                    f"Port {self.port} of {HOST} is taken. Stop what listens there, or choose another: "
                    f"PORT={self.port + 1 if self.port < 65535 else 8000} make demo"
                ) from None


def main() -> int:
    """Returns the exit code: 0 when the ledger said before and after what it should."""
    # A shell starts what it puts in the background with SIGINT ignored; here it must always stop everything.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    import django

    try:
        wanted = Wanted.read()
        django.setup()
        from project.demo import console
        from project.demo.stage import play
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return play(site=wanted.site, serve=wanted.serve, host=HOST, port=wanted.port, profiles=PROFILES)
    except KeyboardInterrupt:
        console.say("\n  Stopped.")
        return 130


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
