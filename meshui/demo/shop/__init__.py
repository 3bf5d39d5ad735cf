"""The shop that the demo's mesh carries: its Kubernetes objects, its applications and its customers."""
