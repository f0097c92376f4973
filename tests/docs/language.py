"""The tables of docs/rules.md, and docs/rules.schema.json: both are the types of the language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from exporter.rules import expressions, language
from exporter.rules.audit import fields as audit_fields
from exporter.rules.audit import language as audit_language
from tests.docs.markdown import codes, table

_TYPES: Mapping[str, type[msgspec.Struct]] = {
    "rule-file": language.RuleFile,
    "family": language.FamilySpec,
    "cause": language.CauseSpec,
    "each": language.EachCause,
    "lifecycle": language.LifecycleSpec,
    "rule": language.RuleSpec,
    "sample": language.SampleSpec,
    "audit-rule": audit_language.AuditRuleSpec,
    "condition": audit_language.AuditConditions,
    "body": audit_language.BodySpec,
    "count": audit_language.CountSpec,
}
_WORDS = {
    inspect.StrType: "text",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "`true` or `false`",
}
_FIELDS = {
    "namespace": "of the involved object; empty for objects of the cluster, such as nodes",
    "name": "of the involved object; for keys of lifecycles, as a label an error",
    "uid": "of the involved object; for keys too, as a label an error",
    "kind": "of the involved object",
    "reason": "of the event",
    "type": "`Normal`, `Warning`, or what else a controller writes",
    "component": "`source.component`, else the reporting controller",
    "node": "the reporter's node, where it says so; as many values as the cluster has nodes",
    "field_path": "of the involved object: `spec.containers{web}`",
    "container": "the name in the field path: `web`; empty where there is none",
    "message": "the whole message, as written; for cause tables, as a label an error",
}
_AUDIT_FIELDS = {
    "verb": "as the API has it; `other` for what it does not know",
    "group": "of the API; empty for the core group",
    "resource": "in the plural; empty for a request for none, such as `/version`",
    "subresource": "such as `exec`; empty where there is none",
    "code": "HTTP status",
    "user_class": "of who really asks, or `impersonated`",
    "namespace": "of the object; of a Namespace, its name",
    "name": "of the object; as a label an error",
    "user": "the name of who really asks; as a label an error",
    "impersonated_user": "the name that is acted under; as a label an error",
    "source": "the address that the API server spoke to; as a label an error",
    "user_agent": "what the client says it is; for cause tables, as a label an error",
    "uri": "path and query; for cause tables, as a label an error",
}
_FUNCTIONS = {
    "registry": ("label", "registry of an image: `quay.io`, or `docker.io` where it names none"),
    "lower": ("label", "in lower case"),
    "duration": ("value", "seconds of a Go duration: `1m2.5s` is 62.5; no sample if it is none"),
    "quantity": ("value", "a plain number, not negative; no sample if it is none"),
}


def parts() -> dict[str, str]:
    """By name."""
    fields = {name: _fields(type_) for name, type_ in _TYPES.items()}
    fields["audit-rule"] = _fields(
        audit_language.AuditRuleSpec, without=audit_language.AuditConditions
    )
    known = [*expressions._TEXTS, *expressions._NUMBERS]
    return {
        **fields,
        "fields": table(
            ("field", "what"), ((f"`${name}`", _FIELDS[name]) for name in expressions.FIELDS)
        ),
        "audit-fields": table(
            ("field", "what"),
            ((f"`${name}`", _AUDIT_FIELDS[name]) for name in audit_fields.FIELDS.readers),
        ),
        "functions": table(
            ("function", "for a", "gives"),
            [
                *((f"`{name}($x)`", *_FUNCTIONS[name]) for name in known),
                ("`TABLE($x)`", "label", "cause by the cause table of that name"),
                (f"`{expressions.ELAPSED}`", "value", "seconds since the opening"),
            ],
        ),
    }


def schema() -> str:
    """docs/rules.schema.json."""
    made = msgspec.json.schema(language.RuleFile)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kube-event-metrics rule file",
    }
    return json.dumps({**head, **made}, indent=2, ensure_ascii=False) + "\n"


def _fields(type_: type[msgspec.Struct], without: type[msgspec.Struct] | None = None) -> str:
    """A row for each; ``without`` those that another type has alike."""
    info = inspect.type_info(type_)
    assert isinstance(info, inspect.StructType)
    told = set()
    if without is not None:
        others = inspect.type_info(without)
        assert isinstance(others, inspect.StructType)
        told = {(field.encode_name, _default(field)) for field in others.fields}
    return table(
        ("key", "holds", "default", "meaning"),
        (
            (f"`{field.encode_name}`", _said(field.type), _default(field), _description(field.type))
            for field in sorted(info.fields, key=lambda field: not field.required)
            if (field.encode_name, _default(field)) not in told
        ),
    )


def _said(type_: inspect.Type) -> str:
    if isinstance(type_, inspect.Metadata):
        return _said(type_.type)
    if isinstance(type_, inspect.LiteralType):
        return " or ".join(f"`{json.dumps(v) if v is True else v}`" for v in type_.values)
    if isinstance(type_, inspect.ListType):
        plural = "" if isinstance(type_.item_type, inspect.UnionType) else "s"
        return f"list of {_said(type_.item_type)}{plural}"
    if isinstance(type_, inspect.DictType):
        return f"by name: {_said(type_.value_type)}"
    if isinstance(type_, inspect.UnionType):
        return " or ".join(_said(each) for each in type_.types)
    if isinstance(type_, inspect.StructType):
        return {cls: f"[{name}](#{name})" for name, cls in _TYPES.items()}[type_.cls]
    return _WORDS[type(type_)]


def _description(type_: inspect.Type) -> str:
    return str(next(_extras(type_, "description"), None) or _docstring(type_))


def _docstring(type_: inspect.Type) -> str:
    """What a struct says of itself, for a key that holds many of them."""
    if isinstance(type_, inspect.ListType):
        return _docstring(type_.item_type)
    if isinstance(type_, inspect.DictType):
        return _docstring(type_.value_type)
    if isinstance(type_, inspect.StructType):
        return (type_.cls.__doc__ or "").partition("\n")[0]
    return ""


def _extras(type_: inspect.Type, key: str) -> Iterator[Any]:
    if isinstance(type_, inspect.Metadata):
        extra: Mapping[str, Any] = type_.extra_json_schema or {}
        if key in extra:
            yield extra[key]
        yield from _extras(type_.type, key)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value is False:
        return "`false`"
    if not value:
        return "none"
    return codes(value) if isinstance(value, list) else f"`{value}`"
