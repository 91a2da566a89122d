"""What this room tells the rooms above it."""

from django.dispatch import Signal

#: A profile is being put in force, inside its transaction: ``rules`` are its tables as their rooms understand them,
#: ``now`` and ``actor`` those of the loading. A room that raises refuses the profile.
profile_loaded = Signal()
