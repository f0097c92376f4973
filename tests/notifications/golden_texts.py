"""The golden texts: ``python -m tests.notifications.golden_texts`` renders them anew."""

from __future__ import annotations

from pathlib import Path

from tests.notifications.alertmanager_server import TEMPLATES, amtool

CASES = sorted((Path(__file__).parent / "golden").glob("*.json"))

_MESSAGE = '{{ template "kube_events.subject" . }}\n\n{{ template "kube_events.text" . }}'


def rendered(case: Path) -> str:
    """Subject and text for the data of a notification."""
    done = amtool(
        "template",
        "render",
        f"--template.glob={TEMPLATES}",
        f"--template.data={case}",
        f"--template.text={_MESSAGE}",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


if __name__ == "__main__":
    for golden in CASES:
        golden.with_suffix(".txt").write_text(rendered(golden), encoding="utf-8")
        print(golden.with_suffix(".txt").name)
