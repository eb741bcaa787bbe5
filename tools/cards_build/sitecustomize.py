"""Gives old build scripts (versioneer 0.18) back the parser that Python 3.12 took away.

Python imports this file by its name where its folder is on PYTHONPATH: `make_cards_venv` in tools/setup.sh.
"""

import configparser

if not hasattr(configparser, "SafeConfigParser"):
    methods = {"readfp": configparser.ConfigParser.read_file}
    vars(configparser)["SafeConfigParser"] = type("SafeConfigParser", (configparser.ConfigParser,), methods)
