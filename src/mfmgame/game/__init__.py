"""The game as labelled arrays: threats, defenses, limits, compositions, the attacker."""
