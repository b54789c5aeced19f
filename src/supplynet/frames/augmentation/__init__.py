"""Augmentation: made-up rows before a short history, marked, and kept out of every evaluation."""

from supplynet.frames.augmentation.methods import METHODS
from supplynet.frames.augmentation.result import Augmented, training_rows, without_augmented
from supplynet.frames.augmentation.run import augment

__all__ = ["METHODS", "Augmented", "augment", "training_rows", "without_augmented"]
