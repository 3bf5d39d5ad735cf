"""Measures MeshUI on generated meshes, on real servers: `make bench`."""
