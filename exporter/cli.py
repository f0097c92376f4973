# SPDX-License-Identifier: Apache-2.0
"""The command line: which command, with which configuration.

Exit codes: 0, 1 (failed), 2 (usage).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from exporter import __version__
from exporter.config import Config, ConfigError, load_config
from exporter.config.loading import nearest
from exporter.config.options import ENVIRONMENT_PREFIX, OPTIONS

PROGRAM = "kube-event-metrics"
COMMANDS = {
    "run": "watch the events of a cluster and serve their metrics (the default)",
    "demo": "the same against a cluster that plays on this machine",
    "replay": "read recorded events and print their metrics",
    "check": "try configuration, connection and rights, and say what is missing",
}
# A demonstration is for the person in front of it.
_DEMO_ADDRESS = "127.0.0.1:10360"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code, or exits with 2 on wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = bool(arguments) and not arguments[0].startswith("-")
    command = arguments.pop(0) if named else "run"
    parser = _parser(command if command in COMMANDS else "run", named=named)
    if command not in COMMANDS:
        parser.error(f"no command {command!r}: there are {', '.join(COMMANDS)}")
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        guess = nearest(unknown[0].partition("=")[0], [f"--{option.name}" for option in OPTIONS])
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{guess}")
    given = vars(known)
    file, source = given.pop("config_file", ""), given.pop("source", "")
    flags = {n: ",".join(v) if isinstance(v, list) else v for n, v in given.items()}
    defaults = {"web.listen-address": _DEMO_ADDRESS} if command == "demo" else {}
    try:
        config = load_config(flags, os.environ, file, defaults)
    except ConfigError as error:
        parser.error(str(error))
    return _execute(command, config, source)


def _execute(command: str, config: Config, source: str) -> int:
    # Imported here: `--version` and `replay` need no HTTP stack.
    if command == "replay":
        from exporter.commands.replay import replay

        return replay(config, source)
    if command == "check":
        from exporter.commands.check import check

        return check(config)
    if command == "demo":
        from exporter.commands.demo import demo

        return demo(config)
    from exporter.commands.run import run

    return run(config)


def _parser(command: str, *, named: bool) -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:8}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {command}" if named else PROGRAM,
        usage=f"{PROGRAM} {command if named else '[command]'} [flags]"
        + (" FILE|-" if command == "replay" else ""),
        description=COMMANDS[command] if named else f"commands:\n{listing}",
        epilog="Every flag is also an environment variable, --events.ttl for instance "
        f"{ENVIRONMENT_PREFIX}EVENTS_TTL, and a key of the --config.file.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "--config.file",
        dest="config_file",
        metavar="FILE",
        help="YAML file with any of the options.",
    )
    for option in OPTIONS:
        default = f" Default {option.default}." if option.default else ""
        parser.add_argument(
            f"--{option.name}",
            dest=option.name,
            action="append" if option.repeatable else "store",
            metavar=option.name.rpartition(".")[2].upper().replace("-", "_"),
            help=option.help.replace("%", "%%") + default,
        )
    if command == "replay":
        parser.add_argument("source", metavar="FILE|-", help="Events as JSON; - is standard input.")
    return parser
