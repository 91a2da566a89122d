"""Sealing: every entry that no seal holds yet goes under the next one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import router, transaction

from privacy.core.actors import Actor
from privacy.core.batches import chunks, keyset
from privacy.core.errors import PrivacyError
from privacy.core.locks import one_at_a_time
from privacy.evidence.gaps import SealHead
from privacy.evidence.keys import SealKeys, key_id, load_keys, signature_of
from privacy.evidence.merkle import Tree
from privacy.evidence.models import EvidenceEntry, Seal, SealLeaf
from privacy.evidence.signals import sealed
from privacy.evidence.statements import entry_text, seal_hash, seal_text, text_hash

logger = logging.getLogger(__name__)

#: Entries a seal, so that no seal keeps the write lock of SQLite for long: well under a second.
SEAL_SIZE = 10_000
_BATCH = 500


class CannotSign(PrivacyError):
    """There is no key to sign with where there has to be one: an unsigned seal would hide a forger's."""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was sealed: how many seals were made, and over how many entries."""

    seals: int
    entries: int


def seal(*, now: datetime, actor: Actor) -> SealReport:
    """Seal every committed entry that is under no seal, by rising key, in seals of at most ``SEAL_SIZE``.

    Entries that commit meanwhile, with whatever key, wait for the next call. Several callers at once share the
    work. Nothing unsealed makes no seal. Each seal is a transaction of its own.

    Raises:
        CannotSign: a chain that was signed has lost its key, or the newest key is a public one.
        UnusableKey: a key cannot be read.
    """
    keys = load_keys()
    using = router.db_for_write(EvidenceEntry)
    report = SealReport(0, 0)
    # Looked up outside of the transaction: walking over very many entries must not keep writers waiting.
    for ids in keyset(EvidenceEntry.objects.using(using).unsealed(), SEAL_SIZE):
        with transaction.atomic(using=using):
            made = _seal_these(ids, keys, now, using)
        if made is not None:
            report = SealReport(report.seals + 1, report.entries + made.size)
            sealed.send(Seal, head=SealHead.of(made))
    if report.seals:
        logger.info("%s sealed %d entries of the evidence", actor.kind, report.entries)
    return report


def _seal_these(ids: list[int], keys: SealKeys, now: datetime, using: str) -> Seal | None:
    one_at_a_time("privacy_seal", using)
    last = Seal.objects.using(using).order_by("-number").first()
    _refuse_to_fall_silent(keys, last)
    number = last.number + 1 if last else 1
    tree = Tree()
    for some in chunks(ids, _BATCH):
        # Asked again behind the lock: another caller may have sealed some of them.
        entries = EvidenceEntry.objects.using(using).unsealed().filter(pk__in=some).order_by("pk")
        leaves = []
        for position, entry in enumerate(entries, tree.size):
            leaf = text_hash(entry_text(entry))
            leaves.append(SealLeaf(entry_id=entry.pk, seal_id=number, position=position, hash=leaf))
            tree.add(bytes.fromhex(leaf))
        SealLeaf.objects.using(using).bulk_create(leaves)
    if not tree.size:
        return None
    made = Seal(
        number=number,
        made_at=now,
        size=tree.size,
        root=tree.root().hex(),
        previous=seal_hash(last) if last else "",
        key=key_id(keys.signing.public_key()) if keys.signing else "",
    )
    made.signature = signature_of(keys.signing, seal_text(made)) if keys.signing else ""
    made.save(using=using)
    return made


def _refuse_to_fall_silent(keys: SealKeys, last: Seal | None) -> None:
    if keys.signing:
        return
    mend = "Put a private key first; docs/how-to/rotate-seal-keys.md says what to do when it is lost"
    if keys.public:
        raise CannotSign(field="PRIVACY['SEAL_KEYS']", problem="the newest key is a public one", mend=mend)
    if last and last.key:
        raise CannotSign(
            field="PRIVACY['SEAL_KEYS']", problem="the seals so far are signed, and there is no key now", mend=mend
        )
