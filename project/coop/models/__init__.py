"""The tables of a traffic co-op: members show each other's advertisements and share the earnings."""

from project.coop.models.members import Member, PreferenceTag
from project.coop.models.support import Enquiry, Message, Note, Ticket, TicketReply
from project.coop.models.traffic import AdView, Campaign, DailyStatistic, Earning, MailEvent, Site, Upload

__all__ = [
    "AdView",
    "Campaign",
    "DailyStatistic",
    "Earning",
    "Enquiry",
    "MailEvent",
    "Member",
    "Message",
    "Note",
    "PreferenceTag",
    "Site",
    "Ticket",
    "TicketReply",
    "Upload",
]
