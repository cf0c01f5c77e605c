"""People can type before torch is there."""

from __future__ import annotations

import subprocess
import sys


def test_building_the_app_imports_no_model_library() -> None:
    code = (
        "import sys, bot.app, bot.cli.chat, bot.cli.check, bot.cli.models\n"
        "heavy = {'torch', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
