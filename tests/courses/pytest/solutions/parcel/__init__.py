"""Parcels and what they cost."""

from parcel.box import Box
from parcel.post import cost

__version__ = "1.2"
