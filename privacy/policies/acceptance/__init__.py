"""Who accepted which version, how, and when. Acceptance of a policy is never consent to a purpose (K02, T15)."""
