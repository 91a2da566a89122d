"""What this room tells the rooms above it, with the transaction in which it is written down."""

from django.dispatch import Signal

#: A message of a mailing was handed over: ``message`` is its row, ``at`` when.
left = Signal()
#: A message of a mailing came back: ``message`` is its row, ``at`` when.
came_back = Signal()
