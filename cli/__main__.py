"""`python -m cli` is `folioscope`."""

from cli import main

main()
