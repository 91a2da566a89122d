#!/usr/bin/env python3
"""Verify an export of evidence without the software that wrote it.

    python verify_evidence.py EXPORT [--against OLDER_EXPORT] [--key HEX_OR_FILE ...]

EXPORT comes from ``privacy_verify --export EXPORT --entries``; evidence-format.md tells its format. Without --key the
keys in the export itself are believed: compare their ids with those you were told. Exits with 0 when everything agrees,
with 3 when something does not. Needs Python 3.11, and the package "cryptography" for the signatures.
"""

import argparse
import hashlib
import itertools
import json
import sys
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root(leaves: list[bytes]) -> str:
    """The Merkle tree hash of RFC 9162: neighbours are joined level by level, and an odd last one rises."""
    while len(leaves) > 1:
        pairs = [sha256(b"\x01", *leaves[i : i + 2]) for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + (leaves[-1:] if len(leaves) % 2 else [])
    return (leaves[0] if leaves else sha256()).hex()


def unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def statement(seal: dict) -> bytes:
    """The bytes of a seal that are signed, and chained by the next."""
    fields = {name: seal[name] for name in ("key", "made_at", "number", "previous", "root", "size")}
    return json.dumps({**fields, "format": "privacy-seal-1"}, sort_keys=True, separators=(",", ":")).encode()


def verify(export: dict, keys: dict[str, bytes]) -> set[tuple]:
    """Every finding as (what, number of the seal, id of the entry)."""
    found, last, signed = set(), None, False
    leaves = {number: list(rows) for number, rows in itertools.groupby(export["entries"], lambda row: row["seal"])}
    for seal in export["seals"]:
        number, expected = seal["number"], last["number"] + 1 if last else 1
        found |= {("seal_missing", gone, None) for gone in range(expected, number)}
        if number == expected and seal["previous"] != (sha256(statement(last)).hex() if last else ""):
            found.add(("chain_broken", number, None))
        if not seal["key"] and not seal["signature"]:
            found |= {("unsigned", number, None)} if signed else set()
        elif seal["key"] not in keys:
            found.add(("key_unknown", number, None))
        else:
            try:
                Ed25519PublicKey.from_public_bytes(keys[seal["key"]]).verify(unhex(seal["signature"]), statement(seal))
            except InvalidSignature:
                found.add(("signature_wrong", number, None))
        signed, last = signed or bool(seal["key"] or seal["signature"]), seal
        found |= verify_leaves(seal, leaves.pop(number, []))
    return found | {("seal_missing", number, None) for number in leaves}


def verify_leaves(seal: dict, rows: list[dict]) -> set[tuple]:
    found, number, place, before = set(), seal["number"], 0, None
    for row in rows:
        if place < row["position"] < seal["size"]:
            found.add(("leaf_missing", number, None))
        if place <= row["position"] < seal["size"]:
            place = row["position"] + 1
        else:
            found.add(("leaf_added", number, row["entry"]))
        if before is not None and row["entry"] <= before:
            found.add(("reordered", number, row["entry"]))
        if row["text"] is None:
            found.add(("entry_removed", number, row["entry"]))
        before = row["entry"]
    if place < seal["size"]:
        found.add(("leaf_missing", number, None))
    hashes = [row["leaf"] if row["text"] is None else sha256(b"\0", row["text"].encode()).hex() for row in rows]
    fits = root([unhex(leaf) for leaf in hashes]) == seal["root"]
    if not found and not fits and root([unhex(row["leaf"]) for row in rows]) != seal["root"]:
        found.add(("root_wrong", number, None))
    wrong = [row["entry"] for row, leaf in zip(rows, hashes, strict=True) if row["leaf"] != leaf]
    return found | {("leaf_altered" if fits else "entry_altered", number, entry) for entry in wrong}


def lost_to_a_restore(export: dict, seal: dict) -> bool:
    """Whether an entry of the evidence records that a restore took this seal, after the seal was made."""
    gaps = [row["text"] for row in export["entries"] if '"act":"evidence.gap_recorded"' in (row["text"] or "")]
    return any(
        gap["counts"]["first lost seal"] <= seal["number"] <= gap["counts"]["last lost seal"]
        and datetime.fromisoformat(seal["made_at"]) <= datetime.fromisoformat(gap["at"])
        for gap in map(json.loads, gaps)
    )


def compare(export: dict, older: dict) -> set[tuple]:
    """What the older export holds and this one does not, or holds differently, and no recorded restore took."""
    seals, found, lost = {seal["number"]: seal for seal in export["seals"]}, set(), set()
    for seal in older["seals"]:
        here = seals.get(seal["number"])
        if here and (statement(here), here["signature"]) == (statement(seal), seal["signature"]):
            continue
        if lost_to_a_restore(export, seal):
            lost.add(seal["number"])
        else:
            found.add(("seal_differs" if here else "seal_missing", seal["number"], None))
    entries = {row["entry"]: row for row in export["entries"]}
    for row in older.get("entries", ()):
        if row["seal"] in lost:
            continue
        here = entries.get(row["entry"])
        if here is None or here["text"] is None:
            found.add(("entry_removed" if here else "leaf_missing", row["seal"], row["entry"]))
        elif here["text"] != row["text"]:
            found.add(("entry_altered", row["seal"], row["entry"]))
        elif (here["seal"], here["position"]) != (row["seal"], row["position"]):
            found.add(("leaf_moved", row["seal"], row["entry"]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an export of evidence.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--key", action="append", default=[], help="a public key: 64 hexadecimal digits or a PEM file")
    words = parser.parse_args()
    export = json.loads(words.export.read_text())
    raw = [bytes.fromhex(key) for key in export["keys"].values()]
    if words.key:
        raw = [unhex(key) or load_pem_public_key(Path(key).read_bytes()).public_bytes_raw() for key in words.key]
    keys = {sha256(key).hex()[:16]: key for key in raw}
    found = verify(export, keys)
    if words.against:
        found |= compare(export, json.loads(words.against.read_text()))
    for what, seal, entry in sorted(found, key=str):
        print(what, *([f"seal {seal}"] if seal is not None else []), *([f"entry {entry}"] if entry is not None else []))
    print(
        f"{len(export['seals'])} seals over {len(export['entries'])} entries, keys {', '.join(keys) or 'none'}: ",
        end="",
    )
    print(f"{len(found)} findings" if found else "everything agrees")
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
