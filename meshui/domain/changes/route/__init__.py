"""What a route does with a request beside sending it on: timeout, retries, faults, mirror. Read, changed, judged."""
