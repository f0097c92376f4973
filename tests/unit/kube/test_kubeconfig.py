from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.kube.connection import configured
from exporter.kube.kubeconfig import ConnectionConfigError, find_kubeconfig, read_kubeconfig
from tests.unit.kube.kubeconfigs import SECRET, kubeconfig


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, which is not the one of this process."""
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    return tmp_path


class TestFind:
    def test_the_flag_comes_first(self, home: Path) -> None:
        """--kubeconfig goes before everything else, whether it is there or not."""
        assert find_kubeconfig("/a", {"KUBECONFIG": "/b"}) == "/a"

    def test_the_environment_comes_second(self, home: Path) -> None:
        """$KUBECONFIG goes before the home directory."""
        (home / ".kube").mkdir()
        kubeconfig(home / ".kube" / "config")
        assert find_kubeconfig("", {"KUBECONFIG": "/b:/c", "HOME": str(home)}) == "/b:/c"

    def test_the_home_directory_comes_third(self, home: Path) -> None:
        """~/.kube/config, where it is there."""
        (home / ".kube").mkdir()
        kubeconfig(home / ".kube" / "config")
        environ = {"HOME": str(home)}
        assert find_kubeconfig("", environ) == str(home / ".kube" / "config")
        assert find_kubeconfig("", {**environ, "KUBECONFIG": ""}) == str(home / ".kube" / "config")

    def test_without_any_there_is_none(self, home: Path) -> None:
        """Then a pod's own account is asked for."""
        assert find_kubeconfig("", {"HOME": str(home)}) == ""

    def test_a_process_without_a_home_has_none(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A numeric user in a container may have no home, nor an entry that says where it is."""
        monkeypatch.delenv("HOME")
        assert find_kubeconfig("", {}) == ""


class TestConfigured:
    def test_a_context_of_kubectls_file_is_a_cluster_at_hand(self, home: Path) -> None:
        """`make run` then watches it, or says that none of them is the current one."""
        (home / ".kube").mkdir()
        for current in (True, False):
            kubeconfig(home / ".kube" / "config", current=current)
            assert configured({"HOME": str(home)})

    @pytest.mark.parametrize("text", ["", "---", "apiVersion: v1", "contexts: []", "contexts:"])
    def test_kubectls_file_without_any_is_none(self, home: Path, text: str) -> None:
        """As `kubectl config view` writes where there is nothing."""
        (home / ".kube").mkdir()
        (home / ".kube" / "config").write_text(text)
        assert not configured({"HOME": str(home)})

    @pytest.mark.parametrize("text", ["{", "- a", "current-context: gone", "a: 2024-13-45"])
    def test_a_broken_one_counts(self, home: Path, text: str) -> None:
        """The exporter then says what is wrong with it, and does not play a demo instead."""
        (home / ".kube").mkdir()
        (home / ".kube" / "config").write_text(text)
        assert configured({"HOME": str(home)})

    @pytest.mark.parametrize("text", [None, "", "{", "apiVersion: v1", "contexts: []"])
    @pytest.mark.parametrize("variable", ["KUBECONFIG", "KUBE_EVENT_METRICS_KUBECONFIG"])
    def test_one_that_is_named_counts(
        self, tmp_path: Path, variable: str, text: str | None
    ) -> None:
        """Whatever is in it, and whether it is there: who names it wants it."""
        if text is not None:
            (tmp_path / "k").write_text(text)
        assert configured({variable: str(tmp_path / "k")})

    @pytest.mark.parametrize("name", ["CONTEXT", "CONFIG_FILE"])
    def test_a_context_or_a_configuration_that_is_named_counts(self, name: str) -> None:
        """Both are about a cluster, which is then looked for."""
        assert configured({f"KUBE_EVENT_METRICS_{name}": "x"})
        assert not configured({f"KUBE_EVENT_METRICS_{name}": ""})

    def test_a_pod_has_its_own_account(self, home: Path) -> None:
        """Told by what the kubelet puts into every container's environment."""
        assert configured({"KUBERNETES_SERVICE_HOST": "10.96.0.1"})
        assert not configured({"HOME": str(home), "KUBECONFIG": ""})


class TestContext:
    def test_the_current_one_is_the_default(self, tmp_path: Path) -> None:
        """As for kubectl."""
        assert read_kubeconfig(str(kubeconfig(tmp_path / "k", name="prod")), "").context == "prod"

    def test_one_can_be_named(self, tmp_path: Path) -> None:
        """--context goes before current-context."""
        one = kubeconfig(tmp_path / "one", name="one")
        two = kubeconfig(tmp_path / "two", name="two", current=False)
        assert read_kubeconfig(f"{one}:{two}", "two").context == "two"

    def test_what_is_said_first_counts(self, tmp_path: Path) -> None:
        """Of several files, the first current-context is the one, as for kubectl."""
        one = kubeconfig(tmp_path / "one", name="one")
        two = kubeconfig(tmp_path / "two", name="two")
        assert read_kubeconfig(f"{tmp_path}/not-there:{one}:{two}", "").context == "one"

    def test_one_that_is_not_there_is_told_with_those_that_are(self, tmp_path: Path) -> None:
        """A wrong --context is a clear error."""
        path = kubeconfig(tmp_path / "k", name="prod")
        with pytest.raises(ConnectionConfigError, match=r"no 'stage' in contexts; there: prod"):
            read_kubeconfig(str(path), "stage")

    def test_no_file_is_told(self, tmp_path: Path) -> None:
        """A wrong path is a clear error."""
        with pytest.raises(ConnectionConfigError, match=f"{tmp_path}/k: no such file"):
            read_kubeconfig(str(tmp_path / "k"), "")


def change(path: Path, key: str, value: object) -> None:
    """Set one key of a kubeconfig, ``users.0.user.token``; None removes it."""
    document = yaml.safe_load(path.read_text())
    *way, last = key.split(".")
    node: Any = document
    for part in way:
        node = node[int(part) if part.isdecimal() else part]
    if value is None:
        del node[last]
    else:
        node[int(last) if last.isdecimal() else last] = value
    path.write_text(yaml.safe_dump(document))


MISTAKES: list[tuple[str, object, str]] = [
    ("current-context", None, "current-context: not set; contexts here: dev"),
    ("current-context", "x", "no 'x' in contexts; there: dev"),
    ("contexts", "dev", "contexts: must be a list"),
    ("contexts.0", "dev", "contexts[0]: must be a mapping"),
    ("contexts.0.name", None, "contexts[0].name: missing"),
    ("contexts.0.context", None, "contexts[dev].context: missing"),
    ("contexts.0.context.cluster", None, "contexts[dev].context.cluster: missing"),
    ("contexts.0.context.cluster", "x", "contexts[dev].context.cluster: no 'x' in clusters"),
    ("contexts.0.context.user", "x", "contexts[dev].context.user: no 'x' in users"),
    ("clusters.0.cluster.server", None, "clusters[dev].cluster.server: missing"),
    ("clusters.0.cluster.server", 5, "clusters[dev].cluster.server: must be a text"),
    ("clusters.0.cluster.server", "127.0.0.1:6443", "clusters[dev].cluster.server: must begin"),
    ("clusters.0.cluster.server", "https://a:b@h", "server: must not hold a user or a password"),
    ("clusters.0.cluster.server", "https://[", "clusters[dev].cluster.server: is no URL"),
    ("clusters.0.cluster.proxy-url", "socks5://h:1", "proxy-url: SOCKS is not supported"),
    ("clusters.0.cluster.proxy-url", "h:1", "proxy-url: must begin with http"),
    ("clusters.0.cluster.certificate-authority", "no.crt", "certificate-authority: "),
    ("clusters.0.cluster.certificate-authority-data", "abc", "authority-data: is not base64"),
    ("users.0.user", SECRET, "users[dev].user: must be a mapping"),
    ("users.0.user.token", 12, "users[dev].user.token: must be a text"),
    ("users.0.user.tokenFile", "no", "users[dev].user.tokenFile: "),
    ("users.0.user.client-certificate", "no.crt", "users[dev].user.client-certificate: "),
    ("users.0.user.client-certificate-data", "YWJj", "users[dev].user.client-key: missing"),
    ("users.0.user.exec", {"apiVersion": "v1"}, "users[dev].user.exec.command: missing"),
    ("users.0.user.exec", {"command": "x"}, "users[dev].user.exec.apiVersion: missing"),
    ("users.0.user.as", ["me"], "users[dev].user.as: must be a text"),
    ("users.0.user.as", "a\nb", "users[dev].user.as: must be printable"),
    ("users.0.user.as-uid", "7", "users[dev].user.as-uid: means nothing without as"),
    ("users.0.user.as-groups", ["g"], "users[dev].user.as-groups: means nothing without as"),
    ("users.0.user.as-groups", "g", "users[dev].user.as-groups: must be a list of texts"),
    ("users.0.user.as-groups", [5], "users[dev].user.as-groups: must be a list of texts"),
    ("users.0.user.as-user-extra", {"a": ["b"]}, "as-user-extra: is not supported"),
]


class TestPlugin:
    @pytest.mark.parametrize(
        ("command", "meant"),
        [
            ("plugin", "plugin"),
            ("./plugin", "{folder}/plugin"),
            ("bin/plugin", "{folder}/bin/plugin"),
            ("/bin/plugin", "/bin/plugin"),
        ],
    )
    def test_a_relative_command_is_relative_to_its_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, meant: str
    ) -> None:
        """With a slash in it, as for kubectl; a bare name is looked for in $PATH."""
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
        path = kubeconfig(tmp_path / "k", user=user)
        monkeypatch.chdir(tmp_path.parent)
        for name in (str(path), f"{tmp_path.name}/k"):
            assert read_kubeconfig(name, "").plugin == meant.format(folder=tmp_path)
        monkeypatch.chdir(tmp_path)
        assert read_kubeconfig("k", "").plugin == meant.format(folder=tmp_path)


class TestMistakes:
    @pytest.mark.parametrize(("key", "value", "told"), MISTAKES)
    def test_a_mistake_is_told_with_file_and_key(
        self, tmp_path: Path, key: str, value: object, told: str
    ) -> None:
        """The message begins with the file, names the key, and holds no secret beside it."""
        path = kubeconfig(tmp_path / "k", user={"token": SECRET})
        change(path, key, value)
        with pytest.raises(ConnectionConfigError) as caught:
            read_kubeconfig(str(path), "")
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert told in message
        assert SECRET not in message

    def test_a_token_beside_its_place_is_not_quoted(self, tmp_path: Path) -> None:
        """The commonest slip: one indentation too few, and the secret stands in the message."""
        path = tmp_path / "k"
        kubeconfig(path)
        change(path, "users.0.token", SECRET)
        change(path, "users.0.user", None)
        with pytest.raises(ConnectionConfigError) as caught:
            read_kubeconfig(str(path), "")
        assert str(caught.value) == f"{path}: users[dev].user: missing"

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "is no kubeconfig"),
            ("hello", "is no kubeconfig"),
            ("- a", "is no kubeconfig"),
            (f"token: {SECRET}\n\tb: [", "line 2: not YAML"),
            (f'token: "{SECRET}\nb: [', "not YAML"),
            ("\x00", "not YAML"),
            (f"token: {SECRET}\nb: 2024-13-45", "holds a value that cannot be read"),
            (f"token: {SECRET}\nb: !!bool {SECRET}", "holds a value that cannot be read"),
            (f"token: {SECRET}\nb: !!timestamp {SECRET}", "holds a value that cannot be read"),
            (f"token: {SECRET}\nb: {'[' * 5000}", "nested too deeply"),
        ],
    )
    def test_a_file_that_is_none_is_told(self, tmp_path: Path, text: str, told: str) -> None:
        """With the line of the mistake, and without what stands there."""
        path = tmp_path / "k"
        path.write_text(text)
        with pytest.raises(ConnectionConfigError, match=told) as caught:
            read_kubeconfig(str(path), "")
        assert str(caught.value).startswith(f"{path}: ")
        assert SECRET not in str(caught.value)
