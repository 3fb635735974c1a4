"""What the Fourier transforms are made of, for those who plan them without compiling."""

#: Columns that are transformed at once.
LANES = 16

#: Lengths of the transforms that longer ones are made of, the longest first.
RADICES = (8, 6, 5, 4, 3, 2)
