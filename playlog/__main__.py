"""`python -m playlog` is the same as `playlog`."""

from playlog.main import main

if __name__ == "__main__":
    main()
