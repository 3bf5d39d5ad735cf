"""Starts the demo's processes in order, watches over them, and leaves none behind."""
