"""The policy and routing objects of any mesh: what they are for, what they select, and what refers to them."""
