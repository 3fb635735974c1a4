"""Optics as formulas: arrays and scalars in, arrays out; nothing here knows cameras, params or files."""
