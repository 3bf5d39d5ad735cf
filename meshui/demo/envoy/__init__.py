"""The sidecars themselves: Envoy's binary, its bootstrap, and what it measures and logs.

`prepare(pod, state)` writes a pod's bootstrap and returns the command that starts its Envoy; everything else reaches
the proxy through the files that `meshui.demo.controlplane` writes beside it.
"""

from meshui.demo.envoy.bootstrap import bootstrap, command, prepare

__all__ = ["bootstrap", "command", "prepare"]
