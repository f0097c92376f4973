# SPDX-License-Identifier: Apache-2.0
"""What the annotations of an audit event say; the only file that knows their keys.

Their sources: k8s.io/apiserver (endpoints/deprecation, admission/plugin/webhook, admission/plugin/
policy/validating), k8s.io/pod-security-admission, and the image policy plug-in of kube-apiserver.
An annotation of a ValidatingAdmissionPolicy's own, ``<policy>/<key>``, can be anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.audit.mending import REFUSALS
from exporter.audit.record import Notes

DECISION = "authorization.k8s.io/decision"
_REASON = "authorization.k8s.io/reason"
PLAIN = frozenset({DECISION, _REASON})
"""Nearly every request has these two and no others."""
_DEPRECATED = "k8s.io/deprecated"
_REMOVED_RELEASE = "k8s.io/removed-release"
_FAILED_OPEN = "failed-open."
_WEBHOOKS = {
    # The rest of the key is the round, and the webhook's place in it.
    "failed-open.validating.webhook.admission.k8s.io": "validating",
    "failed-open.mutation.webhook.admission.k8s.io": "mutating",
}
_IMAGE_POLICY = "imagepolicywebhook.image-policy.k8s.io/failed-open"
_VIOLATIONS = "validation.policy.admission.k8s.io/validation_failure"
_POD_SECURITY = "pod-security.kubernetes.io/audit-violations"
# would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false (...)
_LEVEL_BEFORE = 'PodSecurity "'
LEVELS = ("baseline", "restricted")
"""What a pod can violate; anything else reads ``other``."""
WEBHOOK_TYPES = (*sorted(_WEBHOOKS.values()), "image_policy")


class _Violation(msgspec.Struct, gc=False):
    policy: str | None = None
    binding: str | None = None


_VIOLATED = msgspec.json.Decoder(list[_Violation])


def notes_of(annotations: Mapping[str, str]) -> Notes | None:
    """What is worth a metric; None where nothing is."""
    notes = Notes(
        deprecated=annotations.get(_DEPRECATED) == "true",
        removed_release=annotations.get(_REMOVED_RELEASE, ""),
        failed_open=_failed_open(annotations),
        policy_violations=_violations(annotations.get(_VIOLATIONS)),
        pod_security_level=_level(annotations.get(_POD_SECURITY)),
    )
    return None if notes == _NOTHING else notes


_NOTHING = Notes()


def _failed_open(annotations: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A webhook is asked again in the next round: it is named once."""
    found: list[tuple[str, str]] = []
    for key, value in annotations.items():
        if key.startswith(_FAILED_OPEN):
            type_ = _WEBHOOKS.get(key.partition("/")[0])
            if type_:
                found.append((type_, value))
        elif key == _IMAGE_POLICY:
            found.append(("image_policy", ""))
    return tuple(dict.fromkeys(found))


def _violations(text: str | None) -> tuple[tuple[str, str], ...]:
    """Of several expressions of one policy, the policy once. What cannot be read is a violation
    all the same, of a policy without a name.
    """
    if text is None:
        return ()
    try:
        failures = _VIOLATED.decode(text)
    except REFUSALS:
        return (("", ""),)
    return tuple(dict.fromkeys((f.policy or "", f.binding or "") for f in failures))


def _level(text: str | None) -> str:
    if text is None:
        return ""
    level = text.partition(_LEVEL_BEFORE)[2].partition(":")[0].partition('"')[0]
    return level if level in LEVELS else "other"
