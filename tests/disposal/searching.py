"""Where a planted token can still be read: every table, every file."""

from __future__ import annotations

from pathlib import Path

from django.db import connection


def tables_with(token: str) -> list[str]:
    """Every column of every table whose text holds the token."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = connection.introspection.get_table_description(cursor, table)
            for column in columns:
                quote = connection.ops.quote_name
                cursor.execute(
                    f"SELECT count(*) FROM {quote(table)} WHERE lower(CAST({quote(column.name)} AS text)) LIKE %s",
                    [f"%{token}%"],
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column.name}")
    return found


def files_with(token: str, folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and (token in path.name or token.encode() in path.read_bytes())
    ]
