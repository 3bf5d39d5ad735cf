"""What an Envoy's HTTP routing does with a request: virtual host, route, and what the route makes of it."""
