"""Certificates: whose they are, how long they last, and whether they rotate in time."""
