"""The demo's Prometheus: where its binary comes from and how it is started."""
