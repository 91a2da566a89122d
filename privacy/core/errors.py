"""The one shape of a refusal: which field, what is wrong, how to mend it."""


class PrivacyError(Exception):
    """A refusal that a person can act on.

    Subclasses live beside the function that raises them. ``problem`` and ``mend``
    never contain personal data: they reach logs, screens and task results.

    Args:
        field: the setting, profile key, declaration or argument that is wrong.
        problem: what is wrong with it, one sentence without a full stop at its end.
        mend: what to do about it, one sentence without a full stop at its end.
    """

    def __init__(self, *, field: str, problem: str, mend: str) -> None:
        self.field = field
        self.problem = problem
        self.mend = mend
        super().__init__(f"{field}: {problem}. {mend}.")
