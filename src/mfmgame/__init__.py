"""Where to spend on defenses of a multimodal foundation model, and when to shut it down.

Threat and defense catalogs become a game; its minimax allocation, the self-destruction
threshold and the Defense Coverage Index come out, each number with its proven bracket.
"""

import lazy_loader

# The public names, listed in __init__.pyi, are imported when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
