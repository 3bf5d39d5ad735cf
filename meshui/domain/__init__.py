"""Pure mesh knowledge: no Django, no network, no clock, no randomness. Usable as a library of its own."""
