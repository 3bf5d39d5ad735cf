"""The guarded shift: weights moved in steps while the new version is compared with the old one. Pure."""
