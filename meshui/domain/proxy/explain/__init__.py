"""What happens to this request: step by step, each with the configuration and the object that made it."""
