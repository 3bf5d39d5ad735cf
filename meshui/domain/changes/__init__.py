"""Changes: the smallest one an edit makes, in words, against what somebody else did meanwhile."""
