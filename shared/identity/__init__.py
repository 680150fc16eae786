"""Who acts: principals, grants, and the signed token between the gateway and the services."""

from shared.identity.principal import Grant, Principal, Role

__all__ = ["Grant", "Principal", "Role"]
