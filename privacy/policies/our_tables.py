"""What each table of this app keeps, in words that a reader of a policy understands. A test holds it to the models."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: By model: what "We keep …" goes on with. These hold what is about people.
ABOUT_PEOPLE: Mapping[str, str | Promise] = {
    "EvidenceDetail": _("the account that an act of this site was about, and who acted"),
    "Closure": _(
        "a record of each closing of an account: when and by which way it was asked for, and how much was erased"
    ),
    "Hold": _("a note that certain data may not be erased yet, with its case and its reason"),
    "ConsentContext": _("the person behind each consent and each withdrawal, and the network it came from"),
    "AcceptanceContext": _(
        "the person behind each acceptance of our policies, the network it came from, and what it was about"
    ),
    "GatePass": _("a note that you had no policy left to accept"),
    "Flag": _("your objections and restrictions, with your reasons and what was decided"),
    "SessionIndex": _("a list of your open sign-ins"),
    "OutboxMessage": _("the messages that we wrote to you, with address, text, and whether they arrived"),
    "Preference": _("your choices about our messages: which ones, by which way, and how often"),
    "PolicyNotice": _("when we told you of a change of our policies, and whether that mail came back"),
    "MailEvent": _(
        "the reports of mail servers and providers about mails to you, such as that one could not be delivered"
    ),
}

#: By model: what a paragraph about people is headed.
HEADINGS: Mapping[str, str | Promise] = {
    "EvidenceDetail": _("Proof of what was done"),
    "Closure": _("Closed accounts"),
    "Hold": _("Data that may not be erased yet"),
    "ConsentContext": _("Consents"),
    "AcceptanceContext": _("Acceptances of our policies"),
    "GatePass": _("Whether a policy waits for you"),
    "Flag": _("Objections and restrictions"),
    "SessionIndex": _("Open sign-ins"),
    "OutboxMessage": _("Messages to you"),
    "Preference": _("Your choices about messages"),
    "PolicyNotice": _("Changes of our policies"),
    "MailEvent": _("Reports about mails"),
}

#: By model: one of the records that name nobody.
ABOUT_NOBODY: Mapping[str, str | Promise] = {
    "EvidenceEntry": _("what the site did, in counts and commitments"),
    "Seal": _("seals over this evidence"),
    "SealLeaf": _("the hashes under these seals"),
    "Sweep": _("the files that are about to be removed"),
    "ConsentRecord": _("decisions about consent, without the person"),
    "Acceptance": _("which policies were accepted and how, without the person"),
    "AcceptedVersion": _("the versions that each of these acceptances is of"),
    "PolicyEpoch": _("a number that changes when a policy is published"),
    "Wording": _("the words in which consent was asked for"),
    "Purpose": _("the purposes that consent is asked for"),
    "StoreReceipt": _("the receipts of places outside our database that erased something"),
    "JournalPage": _("fingerprints of erasures, so that a restored backup brings nothing back"),
    "Captured": _("the keys of records while they are being erased"),
    "Mailing": _("the text of each mailing"),
    "Suppression": _("digests of addresses that want no promotion, which nobody can read back"),
    "PolicyDocument": _("the names of our policies"),
    "PolicyDraft": _("drafts of our policies"),
    "PolicyVersion": _("every published version of our policies"),
    "PolicyAnnouncement": _("which mailing told of which version"),
    "PolicyWithdrawal": _("which version was published by mistake"),
    "SiteFacts": _("who we are, as we publish it"),
    "ProfileTable": _("the rules of this site"),
    "Promise": _("the promises of this policy"),
    "FrozenBound": _("which figures each published version promises"),
    "PromiseRun": _("when these promises were checked"),
    "PromiseResult": _("what each check found"),
    "Schedule": _("how long each kind of data is kept"),
    "NightRun": _("when data was removed by schedule"),
    "NightStepRun": _("how much was removed each time"),
    "Approval": _("which removals waited for a confirmation"),
    "Backup": _("the names and ages of backups"),
    "BackupStorage": _("the places of backups"),
    "RegisteredCopy": _("the ages and places of copies elsewhere"),
}
