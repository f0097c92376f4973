"""Image pulls: the messages of every kubelet era, and the pairs where there is no figure."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED, RuleBook
from tests.unit.events.records import at
from tests.unit.rules.catalogue.pod_events import counted, observed_of_pods, pod_rules, recorded
from tests.unit.rules.observing import (
    IMAGE_BYTES,
    PULL_SECONDS,
    PULLS,
    RUNTIME_SECONDS,
    observe,
    observed,
    sums,
)

_IMAGE = "quay.io/team/app:v1"
_LABELS = ("shop", "quay.io")


def pulled(message: str, *, book: RuleBook | None = None, **fields: object) -> dict[str, object]:
    """Labels and value by family, for a Pulled event."""
    fields = {"reason": "Pulled", "type": "Normal", "message": message, **fields}
    return dict(sums(observe(book, **fields) if book else observed_of_pods(**fields)))


class TestPulled:
    @pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
    @pytest.mark.parametrize(
        ("message", "total", "runtime", "size"),
        [
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 2.345678901s',
                2.345678901,
                None,
                None,
                id="1.19-to-1.25.0",
            ),
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 1m2.5s', 62.5, None, None, id="minutes"
            ),
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 1.5s (31.25s including waiting)',
                31.25,
                1.5,
                None,
                id="1.25.6-to-1.27",
            ),
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 0s (500ms including waiting)',
                0.5,
                0.0,
                None,
                id="1.28-and-1.29",
            ),
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 1.23s (1.5s including waiting). '
                "Image size: 4292371 bytes.",
                1.5,
                1.23,
                4292371.0,
                id="1.30-and-later",
            ),
            pytest.param(
                f'Successfully pulled image "{_IMAGE}" in 1.23s (1.5s including waiting). '
                "Image size: 0 bytes.",
                1.5,
                1.23,
                None,
                id="runtime-tells-no-size",
            ),
        ],
    )
    def test_the_message_has_the_figures(
        self, prefix: str, message: str, total: float, runtime: float | None, size: float | None
    ) -> None:
        """Whole time, the runtime's part, and the size, as far as the kubelet writes them."""
        expected: dict[str, object] = {PULLS: ((*_LABELS, "pulled"), None)}
        for family, value in ((PULL_SECONDS, total), (RUNTIME_SECONDS, runtime)):
            if value is not None:
                expected[family] = (_LABELS, pytest.approx(value))
        if size is not None:
            expected[IMAGE_BYTES] = (_LABELS, size)
        assert pulled(prefix + message) == expected

    @pytest.mark.parametrize("tail", ["", " and can be accessed by the pod"])
    def test_a_cached_image_is_no_pull(self, tail: str) -> None:
        """An image that was there has a result and no duration."""
        found = pulled(f'Container image "{_IMAGE}" already present on machine{tail}')
        assert found == {PULLS: ((*_LABELS, "cached"), None)}

    def test_an_unreadable_figure_leaves_the_count(self) -> None:
        """A pull whose message has a figure that is none is still a pull."""
        found = pulled(f'Successfully pulled image "{_IMAGE}" in %!v(PANIC=String)')
        assert found == {PULLS: ((*_LABELS, "pulled"), None)}

    def test_an_image_volume_has_no_field_path(self) -> None:
        """Image volumes are pulled like containers' images."""
        message = f'Successfully pulled image "{_IMAGE}" in 1s (1s including waiting)'
        assert pulled(message, field_path="")[PULL_SECONDS] == (_LABELS, 1.0)

    def test_other_components_pulled_is_not_the_kubelets(self) -> None:
        """Reasons mean something with their component only."""
        message = f'Successfully pulled image "{_IMAGE}" in 1s'
        assert pulled(message, component="my-operator") == {}

    def test_a_message_that_embeds_a_pull_is_none(self) -> None:
        """A volume's recycler repeats what happens to its pod as events of the volume."""
        fields = {"component": "persistentvolume-controller", "kind": "PersistentVolume"}
        for reason in ("RecyclerPod", "Pulled"):
            message = f'Recycler pod: Successfully pulled image "{_IMAGE}" in 1s'
            assert counted(reason=reason, message=message, **fields) == {}

    def test_no_recorded_recycler_is_a_pull(self) -> None:
        """The recorded ones embed pulls, their failures and much else."""
        recycled = [event for event in recorded() if event.reason == "RecyclerPod"]
        assert any("Failed to pull image" in event.message for event in recycled)
        book = pod_rules()
        assert [observed(book, event) for event in recycled] == [[]] * len(recycled)

    def test_an_image_of_nothing_is_no_pull(self) -> None:
        """A message in another form than any kubelet's says nothing."""
        assert pulled('Successfully pulled image ""') == {}
        assert pulled("Pulled everything") == {}


class TestPairs:
    """Up to 1.18 the message has no figure: Pulling and Pulled are paired."""

    _DONE = f'Successfully pulled image "{_IMAGE}"'

    @staticmethod
    def pulling(book: RuleBook, image: str = _IMAGE, **fields: object) -> None:
        """A Pulling event, which shows nothing by itself."""
        message = fields.pop("message", f'Pulling image "{image}"')
        assert observe(book, reason="Pulling", message=message, **fields) == []

    def test_the_time_between_them(self) -> None:
        """From the attempt's beginning to its success, on the events' own times."""
        book = pod_rules()
        self.pulling(book, last_time=at(10))
        found = pulled(self._DONE, book=book, last_time=at(17.5))
        assert found == {PULLS: ((*_LABELS, "pulled"), None), PULL_SECONDS: (_LABELS, 7.5)}

    def test_the_oldest_kubelets_write_small(self) -> None:
        """Up to 1.13 it is "pulling"."""
        book = pod_rules()
        self.pulling(book, message=f'pulling image "{_IMAGE}"', last_time=at(10))
        found = pulled(self._DONE, book=book, last_time=at(11))
        assert found[PULL_SECONDS] == (_LABELS, 1.0)

    @pytest.mark.parametrize(
        "other",
        [
            {"object_uid": "another-pod"},
            {"field_path": "spec.initContainers{init}"},
            {"image": "quay.io/team/other:v1"},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_pairs_of_others_do_not_mix(self, other: dict[str, str]) -> None:
        """Pod, container and image are the key: many pods show Pulling at once."""
        book = pod_rules()
        self.pulling(book, last_time=at(10), **other)
        assert PULL_SECONDS not in pulled(self._DONE, book=book, last_time=at(17))

    def test_a_retry_measures_from_its_own_beginning(self) -> None:
        """An attempt that was cut off left a beginning behind: the newer one counts."""
        book = pod_rules()
        self.pulling(book, last_time=at(10))
        self.pulling(book, last_time=at(100))
        found = pulled(self._DONE, book=book, last_time=at(103))
        assert found[PULL_SECONDS] == (_LABELS, 3.0)

    def test_a_failure_ends_the_attempt(self) -> None:
        """What succeeds later was begun later."""
        book = pod_rules()
        self.pulling(book, last_time=at(10))
        observe(book, reason="Failed", message=f'Failed to pull image "{_IMAGE}": EOF')
        assert PULL_SECONDS not in pulled(self._DONE, book=book, last_time=at(40))

    def test_without_a_beginning_it_is_a_pull_without_duration(self) -> None:
        """The process may have started in between."""
        assert pulled(self._DONE) == {PULLS: ((*_LABELS, "pulled"), None)}

    def test_an_end_with_a_figure_of_its_own_needs_no_beginning(self) -> None:
        """It is not counted as unmatched; one that must be measured is."""
        book = pod_rules()
        pulled(f"{self._DONE} in 6.75s", book=book)
        observe(book, reason="Failed", message=f'Failed to pull image "{_IMAGE}": EOF')
        assert book.lifecycles["image_pull"].unmatched == 0
        pulled(self._DONE, book=book)
        assert book.lifecycles["image_pull"].unmatched == 1

    def test_the_messages_own_figure_goes_first(self) -> None:
        """Time stamps have seconds, the message nanoseconds."""
        book = pod_rules()
        self.pulling(book, last_time=at(10))
        found = pulled(f"{self._DONE} in 6.75s", book=book, last_time=at(17))
        assert found[PULL_SECONDS] == (_LABELS, 6.75)


def test_recorded_pulls_are_told_apart() -> None:
    """Both clusters pulled, found and failed to pull, and every event of theirs says which."""
    book = pod_rules()
    for event in recorded():
        if event.component != "kubelet" or event.reason != "Pulled":
            continue
        results = [o.labels[2] for o in observed(book, event) if o.family == PULLS]
        assert results == ["cached" if "already present" in event.message else "pulled"]
