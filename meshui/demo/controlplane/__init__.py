"""The demo's control plane: Kubernetes and Istio objects in, Envoy's files out.

`world` reads objects, `acceptance` decides which version of each is in force, `translate` turns a world into one
proxy's resources (pure; one module per kind of resource), `files` puts them in force, `watch` and `app` run it.
"""
