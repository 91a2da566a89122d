"""Runs every benchmark in a scratch database: ``python -m benchmarks``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import django


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEMO_DIR"] = folder
        os.environ["PRIVACY_TEST_DB"] = f"bench_{os.getpid()}"
        django.setup()
        from django.db import connection

        from benchmarks import expiry

        if connection.vendor == "sqlite":
            # In memory nothing would be written, which is what costs.
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            rows = int(os.environ.get("ROWS", "200000"))
            sys.stdout.write(f"{connection.vendor}, {rows} rows\n")
            for line in expiry.measure(rows):
                sys.stdout.write(f"  {line}\n")
        finally:
            connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
