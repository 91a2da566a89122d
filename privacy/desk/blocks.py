"""The cards of the desk. Rooms above add theirs to the same registry."""

from privacy.core.registries import DeskCard, desk_cards
from privacy.desk import queries

_CARDS = (
    ("approvals", 5, "privacy.approve_night", queries.approvals_card),
    ("ledger", 10, "privacy.view_promise", queries.ledger_card),
    ("nights", 20, "privacy.view_nightrun", queries.nights_card),
    ("closures", 30, "privacy.view_closure", queries.closures_card),
)

for _name, _order, _permission, _context in _CARDS:
    desk_cards.add(_name, DeskCard(_name, _order, f"privacy/desk/card_{_name}.html", _permission, _context))
