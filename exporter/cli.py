# SPDX-License-Identifier: Apache-2.0
"""The command line: which command, with which configuration.

Exit codes: 0, 1 (failed), 2 (usage); 130 and 141 as a shell has them of a program that ends
by Ctrl-C, and by writing to somebody who has gone.
"""

from __future__ import annotations

import os
import sys

# Hardly anything is imported before `main` runs, `typing` not either: a Ctrl-C must not meet an
# import that nobody guards.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from exporter.config import Config

PROGRAM = "kube-event-metrics"
COMMANDS = {
    "run": "watch the events of a cluster and serve their metrics (the default)",
    "demo": "the same against a cluster that plays on this machine",
    "replay": "read recorded events, or with --audit audit events, and print their metrics",
    "check": "try configuration, rules, connection and rights, and say what is missing",
    "rules": "list the rules in force",
    "rules check": "try rule files, together with the rules in force",
    "rules test": "run the cases of test files: events in, samples out",
}
# What a command takes beside flags.
_OPERANDS = {"replay": "FILE|-", "rules check": "FILE...", "rules test": "FILE..."}
# A demonstration is for the person in front of it.
DEMO_ADDRESS = "127.0.0.1:10360"
_INTERRUPTED = 128 + 2
_BROKEN_PIPE = 128 + 13


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code, or exits with 2 on wrong usage."""
    try:
        try:
            return _command(argv)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE


def _command(argv: Sequence[str] | None) -> int:
    from exporter.config import ConfigError, load_config
    from exporter.config.loading import nearest
    from exporter.config.options import OPTIONS
    from exporter.rules.problems import RuleError

    arguments = list(sys.argv[1:] if argv is None else argv)
    name = _name(arguments)
    command = name or "run"
    parser = _parser(command if command in COMMANDS else "run", named=bool(name))
    if command not in COMMANDS:
        parser.error(f"no command {command!r}: there are {', '.join(COMMANDS)}")
    known, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown and not name and unknown[0] in COMMANDS:
        parser.error(f"the command comes first: {PROGRAM} {unknown[0]} [flags]")
    if unknown:
        guess = nearest(unknown[0].partition("=")[0], [f"--{option.name}" for option in OPTIONS])
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{guess}")
    given = vars(known)
    file, operands = given.pop("config_file", ""), given.pop("operands", [])
    if given.pop("audit", False):
        command = "replay --audit"
    if command == "demo" and (chosen := given.keys() & {"kubeconfig", "context"}):
        parser.error(f"--{max(chosen)}: the demo watches a cluster of its own; see `run`")
    flags = {n: ",".join(v) if isinstance(v, list) else v for n, v in given.items()}
    defaults = {"web.listen-address": DEMO_ADDRESS} if command == "demo" else {}
    try:
        return _execute(command, load_config(flags, os.environ, file, defaults), operands)
    except (ConfigError, RuleError) as error:
        parser.error(str(error))


def _name(arguments: list[str]) -> str:
    """The command, taken off the arguments; ``""`` where they begin with flags."""
    words: list[str] = []
    while arguments and not arguments[0].startswith("-"):
        words.append(arguments.pop(0))
        begun = " ".join(words)
        if not any(command.startswith(begun + " ") for command in COMMANDS):
            break
    return " ".join(words)


def _execute(command: str, config: Config, operands: Sequence[str]) -> int:
    # Imported here: `--version` and `replay` need no HTTP stack.
    if command == "replay --audit":
        from exporter.commands.replay_audit import replay_audit

        return replay_audit(config, operands[0])
    if command == "replay":
        from exporter.commands.replay import replay

        return replay(config, operands[0])
    if command == "check":
        from exporter.commands.check import check

        return check(config)
    if command == "rules":
        from exporter.commands.rules import list_rules

        return list_rules(config)
    if command == "rules check":
        from exporter.commands.rule_files import check_rules

        return check_rules(config, operands)
    if command == "rules test":
        from exporter.commands.rule_tests.running import run_cases

        return run_cases(config, operands)
    if command == "demo":
        from exporter.commands.demo import demo

        return demo(config)
    from exporter.commands.run import run

    return run(config)


def _parser(command: str, *, named: bool) -> argparse.ArgumentParser:
    import argparse

    from exporter.config.options import ENVIRONMENT_PREFIX, OPTIONS
    from exporter.version import BUILD, VERSION

    listing = "\n".join(f"  {name:13}{text}" for name, text in COMMANDS.items())
    operand = _OPERANDS.get(command, "")
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {command}" if named else PROGRAM,
        usage=f"{PROGRAM} {command if named else '[command]'} [flags] {operand}".rstrip(),
        description=COMMANDS[command] if named else f"commands:\n{listing}",
        epilog="Every flag is also an environment variable, --events.ttl for instance "
        f"{ENVIRONMENT_PREFIX}EVENTS_TTL, and a key of the --config.file.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {VERSION} ({BUILD})")
    parser.add_argument(
        "--config.file",
        dest="config_file",
        metavar="FILE",
        help="YAML file with any of the options.",
    )
    for option in OPTIONS:
        default = f" Default {option.default}." if option.default else ""
        form: dict[str, Any] = (
            {"action": "store_const", "const": "true"}
            if option.switch
            else {
                "action": "append" if option.repeatable else "store",
                "metavar": option.name.rpartition(".")[2].upper().replace("-", "_"),
            }
        )
        help_ = option.help.replace("%", "%%") + default
        parser.add_argument(f"--{option.name}", dest=option.name, help=help_, **form)
    if command == "replay":
        help_ = (
            "The file holds audit events: lines of the audit log, or bodies of the audit webhook, "
            "one or several. What comes twice is counted once."
        )
        parser.add_argument("--audit", action="store_true", help=help_)
        help_ = "Events as JSON; - is standard input."
        parser.add_argument("operands", nargs=1, metavar=operand, help=help_)
    elif operand:
        help_ = "YAML files with rules." if command == "rules check" else "YAML files with cases."
        parser.add_argument("operands", nargs="+", metavar="FILE", help=help_)
    return parser
