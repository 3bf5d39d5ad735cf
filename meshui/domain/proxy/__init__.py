"""What proxies say of themselves."""
