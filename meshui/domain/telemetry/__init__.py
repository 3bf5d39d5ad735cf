"""One module per metrics dialect: its queries, and how its samples become the same telemetry rows."""
