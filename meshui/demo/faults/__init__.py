"""Faults on demand: what can be broken in the demo, and put right again."""
