"""How a person proves who they are, and the rules for what they may choose."""
