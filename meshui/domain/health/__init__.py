"""Numbers to a state with its reason."""
