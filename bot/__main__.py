"""``python -m bot`` is ``ellie``."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
