"""A look at demand from all sides: sections with a sentence each, and one page for a planner."""

from supplynet.frames.exploration.explore import explore
from supplynet.frames.exploration.page import Exploration
from supplynet.frames.exploration.section import Figure, Section, Table

__all__ = ["Exploration", "Figure", "Section", "Table", "explore"]
