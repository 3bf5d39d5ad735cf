"""What allows or refuses packets before Istio's proxies see them: Kubernetes NetworkPolicy, Cilium, and Linkerd."""
