"""Structure, tested on networks whose structure is known."""
