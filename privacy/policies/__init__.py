"""What the site published, word for word: drafts, versions that never change, their comparison, and what keeps a
text from being published."""
