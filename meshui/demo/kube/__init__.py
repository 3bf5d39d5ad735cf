"""An in-memory Kubernetes API server, as much of one as the official client, `kubectl` and MeshUI need.

It keeps nothing: each start begins from the seed manifests. `python -m meshui.demo.kube --help` tells how to run it.
"""
