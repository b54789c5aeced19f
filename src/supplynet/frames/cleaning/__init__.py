"""Cleaning: a frame that can be trusted, and a log of every cell that was changed for it."""

from supplynet.frames.cleaning.change import LOG_SCHEMA
from supplynet.frames.cleaning.registry import STEPS, Step
from supplynet.frames.cleaning.result import Cleaned
from supplynet.frames.cleaning.run import apply_log, clean

__all__ = ["LOG_SCHEMA", "STEPS", "Cleaned", "Step", "apply_log", "clean"]
