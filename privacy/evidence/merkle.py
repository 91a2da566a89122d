"""The Merkle tree of RFC 9162 (section 2.1), one leaf at a time. Pure functions of bytes."""

from __future__ import annotations

import hashlib


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 over a zero byte and the leaf: no leaf can pass for a node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over a one byte and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows to the right and keeps the roots of its full subtrees only: log2(n) hashes in memory."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf by its ``leaf_hash``."""
        self._peaks.append(leaf)
        self.size += 1
        # As many subtrees of equal size meet as the new size has zeros at its end.
        full = self.size
        while full % 2 == 0:
            right, left = self._peaks.pop(), self._peaks.pop()
            self._peaks.append(node_hash(left, right))
            full //= 2

    def root(self) -> bytes:
        """The Merkle tree hash of the leaves so far; that of no leaves is SHA-256 of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found
