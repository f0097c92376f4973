# SPDX-License-Identifier: Apache-2.0
"""The whole of it, at one look: a cluster that plays, the exporter, Prometheus with the alert
rules, Alertmanager with its notifications, Grafana with the dashboards.

What is not installed is left out, and the demo says so.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from deploy.demo import parts
from deploy.demo.inbox import Inbox, Message
from deploy.demo.parts import NEEDS, PORTS, PROGRAMS, Part
from deploy.demo.stack import PartFailedError, Stack


def main() -> int:
    """0 after Ctrl-C or SIGTERM; 1 when a part failed; 2 on wrong usage."""
    ports = _ports()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kube-event-metrics-demo-") as folder,
            Inbox(_show) as inbox,
            Stack(Path(folder), stopping) as stack,
        ):
            _start(stack, Path(folder), inbox.url, ports)
            if not stopping.is_set():
                _say(
                    "\nThe first alerts fire about two minutes from now. Ctrl-C ends everything.\n"
                )
            stack.watch()
            _say("ending what was started")
    except PartFailedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _start(stack: Stack, folder: Path, inbox: str, ports: dict[str, int]) -> None:
    """Start what is installed, and say of each part where it is or how to get it."""
    programs = {name: parts.installed(name) for name in PROGRAMS}
    started: dict[str, Part] = {}
    make: dict[str, Callable[[str], Part]] = {
        "exporter": lambda _: parts.exporter(ports["exporter"]),
        "alertmanager": lambda program: parts.alertmanager(
            program, ports["alertmanager"], folder, inbox
        ),
        "prometheus": lambda program: parts.prometheus(
            program,
            ports["prometheus"],
            folder,
            started["exporter"],
            started.get("alertmanager"),
        ),
        "grafana": lambda program: parts.grafana(
            program, ports["grafana"], folder, started["prometheus"]
        ),
    }
    for name in PORTS:
        program = programs.get(name, sys.executable)
        if not program:
            _row(name, "absent", f"install it: {PROGRAMS[name][1]}")
        elif name in NEEDS and not programs[NEEDS[name]]:
            _row(name, "not started", f"of no use without {NEEDS[name]}")
        else:
            part = started[name] = make[name](program)
            if not stack.start(part):
                return
            _row(name, part.url + part.page, part.about)
    if "alertmanager" in started:
        _row("notifications", "here, below", "as the receivers of alerts/alertmanager.yml get them")


def _ports() -> dict[str, int]:
    """Of each part: what was asked for, else the usual one, or any where that is taken."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    for name, usual in PORTS.items():
        parser.add_argument(
            f"--{name}-port",
            type=int,
            metavar="PORT",
            help=f"for {name}, 0 for any (default: {usual}, or any where that is taken)",
        )
    asked = vars(parser.parse_args())
    chosen = {}
    # Held until all are chosen, so that no two parts get the same.
    with contextlib.ExitStack() as held:
        for name, usual in PORTS.items():
            port = asked[f"{name}_port"]
            try:
                probe = held.enter_context(_bound(usual if port is None else port))
            except OSError as error:
                if port is not None:
                    parser.error(f"--{name}-port {port}: {error.strerror}")
                probe = held.enter_context(_bound(0))
            chosen[name] = int(probe.getsockname()[1])
    return chosen


def _bound(port: int) -> socket.socket:
    """A socket that has the port, or any for 0; OSError where it is taken."""
    probe = socket.socket()
    # As the servers do: what a connection of a moment ago still holds is free to them.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        raise
    return probe


def _row(name: str, where: str, about: str) -> None:
    _say(f"  {name:15}{where:35}{about}")


def _show(arrived: Message) -> None:
    _say(str(arrived))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
