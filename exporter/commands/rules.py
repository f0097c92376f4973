# SPDX-License-Identifier: Apache-2.0
"""``rules`` lists the rules in force; ``rules check`` says whether files can be used."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from textwrap import TextWrapper

from exporter.config import Config
from exporter.rules.loading import NamedText, built_in, load, read
from exporter.rules.reading import RuleError, read_rule_file
from exporter.rules.rulebook import Rule

# Names stay whole: somebody may look for them.
_WRAPPER = TextWrapper(
    width=100,
    initial_indent="    ",
    subsequent_indent="      ",
    break_long_words=False,
    break_on_hyphens=False,
)


def list_rules(config: Config) -> int:
    """Print the rules in force, in the order in which they are tried; raises ``RuleError``."""
    built, own = built_in(), read(config.rule_files)
    rules = list(load([*built, *own], time.monotonic).all())
    homes = _homes(rules, {name for name, _ in built}, own)
    width = max(len(rule.id) for rule in rules)
    print(f"{'ID':{width}}  FILE")
    for rule in rules:
        print(f"{rule.id:{width}}  {homes[rule.id]}")
        for text in (_events(rule), _effects(rule)):
            for line in _WRAPPER.wrap(text):
                print(line)
    return 0


def check_rules(config: Config, paths: Sequence[str]) -> int:
    """Say of each file whether it can be used beside the rules in force; 1 where one cannot."""
    counts, problems = examined(paths, beside=config.rule_files)
    for problem in problems:
        print(problem)
    for name, rules in counts.items():
        print(f"{name}: ok, {rules}")
    return 1 if problems else 0


def examined(
    paths: Sequence[str], beside: Sequence[str] = ()
) -> tuple[Mapping[str, str], Sequence[RuleError]]:
    """How many rules each file has, in words, or else what is wrong with them.

    They are loaded together, in their order, after the built-in ones and those ``beside`` them.
    """
    counts: dict[str, str] = {}
    problems: list[RuleError] = []
    for path in paths:
        try:
            for name, text in read([path]):
                number = len(read_rule_file(name, text).rules)
                counts[name] = f"{number} rule{'' if number == 1 else 's'}"
        except RuleError as error:
            problems.append(error)
    if not problems:
        try:
            every = dict.fromkeys((*(path for path in beside if path not in paths), *paths))
            load([*built_in(), *read(every)], time.monotonic)
        except RuleError as error:
            problems.append(error)
    return ({} if problems else counts), problems


def _homes(
    rules: Sequence[Rule], built: Collection[str], own: Sequence[NamedText]
) -> Mapping[str, str]:
    """Where each rule is written, by its id; of one that replaces another, where that is too."""
    writers: dict[str, list[str]] = {}
    for name, text in own:
        for spec in read_rule_file(name, text).rules:
            writers.setdefault(spec.id, []).append(name)
    homes = {}
    for rule in rules:
        files = writers.get(rule.id, [])
        if rule.file in built:
            files = [f"built-in {rule.file}" if files else rule.file, *files]
        before = f" (in place of the one in {files[0]})" if len(files) > 1 else ""
        homes[rule.id] = files[-1] + before
    return homes


def _events(rule: Rule) -> str:
    selector = rule.selector
    kinds, components, reasons = (
        ", ".join(names.written)
        for names in (selector.kinds, selector.components, selector.reasons)
    )
    return f"{kinds} by {components}: {reasons}"


def _effects(rule: Rule) -> str:
    effects = []
    if rule.closes:
        effects.append(f"closes {rule.closes.lifecycle} as {rule.outcome}")
    if rule.opens:
        effects.append(f"opens {rule.opens.lifecycle}")
    families = dict.fromkeys(sample.family for sample in rule.samples)
    if families:
        effects.append(f"feeds {', '.join(families)}")
    return "; ".join(effects) or "counts nothing"
