"""The tree of RFC 9162."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.evidence.merkle import Tree, leaf_hash

#: The leaves and roots with which the public logs of Certificate Transparency test their trees.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _root(leaves: list[bytes]) -> str:
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf_hash(leaf))
    assert tree.size == len(leaves)
    return tree.root().hex()


def _by_the_book(leaves: list[bytes]) -> bytes:
    """The definition as section 2.1.1 of the RFC gives it, all leaves at once."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + _by_the_book(leaves[:split]) + _by_the_book(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_known_roots_come_out(size: int) -> None:
    assert _root(LEAVES[:size]) == ROOTS[size]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_leaf_by_leaf_it_is_the_tree_of_the_definition(leaves: list[bytes]) -> None:
    assert _root(leaves) == _by_the_book(leaves).hex()


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_every_change_of_a_leaf_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(leaves) - 1))
    assert _root([*leaves[:where], leaves[where] + b"x", *leaves[where + 1 :]]) != _root(leaves)
    assert _root(leaves[:where] + leaves[where + 1 :]) != _root(leaves)


def test_a_million_leaves_need_no_more_than_twenty_hashes() -> None:
    tree, leaf = Tree(), leaf_hash(b"")
    for _ in range(1_000_000):
        tree.add(leaf)
    assert len(tree._peaks) <= 20
