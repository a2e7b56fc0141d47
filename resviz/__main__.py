"""`python -m resviz`, the same as `resviz`."""

from resviz.cli import main

if __name__ == "__main__":
    main()
