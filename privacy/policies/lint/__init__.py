"""What keeps a text from being published: pure functions over the text, a file for each kind of fault."""

from privacy.policies.lint.faults import CODES, Fault, Known
from privacy.policies.lint.linting import faults_of

__all__ = ["CODES", "Fault", "Known", "faults_of"]
