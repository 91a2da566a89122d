"""What this room tells the rooms above it."""

from django.dispatch import Signal

#: A seal is committed: ``head`` is its ``SealHead``.
sealed = Signal()
