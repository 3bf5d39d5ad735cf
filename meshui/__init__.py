"""MeshUI: a console in which operators browse a service mesh as it is now and change its traffic safely."""

__version__ = "0.1.0"
