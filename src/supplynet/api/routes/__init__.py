"""Routes, one file per noun; each calls one function of ``services``."""
