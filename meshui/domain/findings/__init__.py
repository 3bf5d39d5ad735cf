"""What is wrong with configuration, or will be: one rule a function, each finding on its own object and line."""
