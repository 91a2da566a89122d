"""A policy with everything that is hard to set: wide tables, long words, deep lists, code; and its next version."""

from __future__ import annotations

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsdatenschutzbeauftragtenstellvertretungsregelungsverordnung"
ADDRESS = "https://example.org/privacy/a-very-long-address-that-nobody-broke/" + "and-on/" * 14

FIRST = f"""# Privacy policy

Test Site aims to keep as little about you as it can. The word {LONG} has no place to break.

## What is kept

| what | why | ground | how long | who sees it | where it came from |
|---|---|---|---|---|---|
| Name and e-mail address | so that you can sign in | contract | as long as the account | our staff | from you |
| Orders | accounts must be kept | legal obligation | ten years | our staff and the auditor | from your purchases |
| {LONG} | a word | consent | a month | nobody | from you |

### Lists within lists

1. What you type
   - into forms
     - and into their boxes
   - into messages
2. What we notice

> What is quoted stands apart.

#### Deeper still

    <script>indented, and shown as it was typed</script>

```
a_line_of_code_that_goes_on_and_on = "and does not break anywhere, so that its box has to scroll or to wrap it"
```

## Backups

Backups are kept for {{{{ promise "backups.kept_for" }}}}. Read on at <{ADDRESS}>.

## Your rights

**You may ask** for a copy, for a correction, and for everything to be erased.

---

## Changes

We tell you of changes before they bind you.

## Contact

Write to privacy@example.org, and we answer within thirty (30) days.
"""

SECOND = (
    FIRST.replace("as little about you as it can", "next to nothing about you")
    .replace("ten years", "eight years")
    .replace("   - into messages\n", "")
    .replace("We tell you of changes before they bind you.", f"Changes are told by e-mail first. {LONG}")
    + f"\n## Complaints\n\nYou may complain to the authority of your country, at {ADDRESS}.\n"
)

FAULTY = FIRST.replace("thirty (30)", "thirty (14)") + f"\nCall us at [insert telephone number]. {LONG} TODO\n"
