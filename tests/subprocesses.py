"""How tests start Python anew: a warning that the user would see is an error."""

import sys

_UNSEEN = ("DeprecationWarning", "PendingDeprecationWarning")
"""Python shows them to the authors of a library alone; pytest makes errors of them, too."""

STRICT_PYTHON = [sys.executable, "-W", "error", *(f"-Wignore::{kind}" for kind in _UNSEEN)]
