"""Declarations of what many sites run already; a host's own declaration of the same model wins.

A declaration for an app that is not installed is left out. Third-party models differ from version
to version: fields that an installed version lacks are left out as well, and text that a newer one
brings fails ``check`` until the host has looked at it.
"""

from privacy.datamap.bundled import accounts, admin, auth, logs, tasks

for _part in (auth, admin, tasks, accounts, logs):
    _part.declare_all()
