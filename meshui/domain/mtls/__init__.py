"""Mutual TLS: the mode in force and what it makes of an edge; each answer names the deciding object."""
