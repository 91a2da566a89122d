"""Fill the demo site with members and their history."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from project.coop import search
from project.coop.generate import Loaded, load


class Command(BaseCommand):
    help = "Makes N members with about 200 rows each, spread over the past."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int, metavar="N", help="how many members")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same members (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        def tell(done: Loaded) -> None:
            if options["verbosity"] > 1:
                self.stdout.write(f"{done.members} members, {done.rows} rows")

        done = load(count=options["count"], seed=options["seed"], now=timezone.now(), progress=tell)
        search.index_everybody()
        self.stdout.write(
            f"{done.members} members ({done.closed} closed by the site, {done.suspended} suspended), "
            f"{done.rows} rows, {done.files} files"
        )
