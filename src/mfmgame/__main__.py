"""``python -m mfmgame`` is the ``mfmgame`` command."""

from mfmgame.cli import main

main()
