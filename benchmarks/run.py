"""One measurement in a process of its own: ``python -m benchmarks.run NAME FILE`` writes its results to FILE."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path


def main() -> int:
    import django

    django.setup()
    from django.db import connection

    from benchmarks.measuring import facts
    from benchmarks.sizes import size

    name, where = sys.argv[1:]
    results = import_module(f"benchmarks.{name}").measure(size(connection.vendor))
    Path(where).write_text(json.dumps({"facts": facts(), "results": [asdict(each) for each in results]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
