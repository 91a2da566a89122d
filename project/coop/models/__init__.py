"""The tables of a traffic co-op: members show each other's advertisements and share the earnings."""

from project.coop.models.clients import ClientContact, ClientDispute, ClientMail
from project.coop.models.members import IntegratedProfile, Member, PartnerProfile, PreferenceTag
from project.coop.models.support import Enquiry, Message, Note, Ticket, TicketReply
from project.coop.models.traffic import AdView, Campaign, DailyStatistic, Earning, MailEvent, Site, Upload

__all__ = [
    "AdView",
    "Campaign",
    "ClientContact",
    "ClientDispute",
    "ClientMail",
    "DailyStatistic",
    "Earning",
    "Enquiry",
    "IntegratedProfile",
    "MailEvent",
    "Member",
    "Message",
    "Note",
    "PartnerProfile",
    "PreferenceTag",
    "Site",
    "Ticket",
    "TicketReply",
    "Upload",
]
