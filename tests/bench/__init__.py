"""How time and memory grow with the store: `make bench`. No part of `make check`: machines are noisy."""
