"""The profile table that this room owns."""

from privacy.core.periods import Period
from privacy.core.registries import ProfileSection, profile_sections
from privacy.policies.rules import EffectRule, PolicyRules


def _everybody(rules: PolicyRules) -> Period:
    """How long after the posting a version binds those who were not told otherwise."""
    leads = {EffectRule.NOTICE: rules.lead, EffectRule.EARLIER: rules.posting_lead}
    return leads.get(rules.effect, Period())


profile_sections.add(
    "policies",
    ProfileSection(
        "policies",
        PolicyRules.parse,
        {
            # A lead that the rule does not go by gives nobody any notice.
            "policies.lead": lambda rules: rules.lead if rules.effect is EffectRule.NOTICE else Period(),
            "policies.email_lead": lambda rules: (
                rules.email_lead if rules.effect is EffectRule.EARLIER else _everybody(rules)
            ),
            "policies.posting_lead": _everybody,
        },
    ),
)
