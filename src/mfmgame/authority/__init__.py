"""Authority: the tool calls that a policy allows, counted in bits, and the switch on them."""
