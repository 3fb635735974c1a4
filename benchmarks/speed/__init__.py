"""How fast lightnoise is, beside its peers and the machine's floors, measured in one run.

python -m benchmarks.speed --help
"""
