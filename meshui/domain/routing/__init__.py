"""VirtualService, DestinationRule, HTTPRoute: who is reached, with which weights."""
