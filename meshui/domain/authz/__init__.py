"""Authorization: who may call what, decided by which policy."""
