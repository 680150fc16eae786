"""The SQLAlchemy models of all services, one module per owner. Importing this package registers every table."""

from shared.models import gateway, intake, petitions, plumbing, points, registry
from shared.models.base import Base

__all__ = ["Base", "gateway", "intake", "petitions", "plumbing", "points", "registry"]
