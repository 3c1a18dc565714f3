"""Where to spend on defenses of a multimodal foundation model, and when to shut it down.

Threat and defense catalogs become a game; its minimax allocation, the self-destruction
threshold and the Defense Coverage Index come out, each number with its proven bracket.
"""

import os
import sys

# `python -m mfmgame` looks for modules in the current folder first, where a file named
# signal.py or numpy.py is the user's own; even the next import would take it. So that folder
# is left out, unless this package is in it. While Python locates a module, argv[0] is "-m".
if (
    sys.argv[:1] == ["-m"]
    and sys.orig_argv[-len(sys.argv)].removeprefix("-m").partition(".")[0] == __name__
    and not sys.flags.safe_path
    and sys.path[0] != os.path.dirname(__path__[0])
):
    del sys.path[0]

import lazy_loader

# The public names, listed in __init__.pyi, are imported when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
