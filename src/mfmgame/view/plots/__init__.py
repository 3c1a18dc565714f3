"""Pictures of answers, by matplotlib: each function takes and returns an ``Axes``.

Nothing here solves; a picture shows the numbers that its answer holds. The answers' own
``plot`` (see :mod:`mfmgame.answer_displays`) leads here and loads matplotlib only then.
"""
