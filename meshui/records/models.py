"""All models, for Django to find; each lives in the module of its subject."""

from meshui.records.audit import AuditEntry
from meshui.records.changes import Change
from meshui.records.clusters import Cluster
from meshui.records.shifts import GuardedShift
from meshui.records.tokens import ApiToken
from meshui.records.users import User

__all__ = ["ApiToken", "AuditEntry", "Change", "Cluster", "GuardedShift", "User"]
