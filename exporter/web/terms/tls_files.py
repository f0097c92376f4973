# SPDX-License-Identifier: Apache-2.0
"""Terms that options name file by file: TLS, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.notes import Note
from exporter.web.listening import Followed, read_file
from exporter.web.terms.document import TlsSection
from exporter.web.terms.material import Material, Pem
from exporter.web.terms.reading import Terms
from exporter.web.terms.security import VERIFIED, server_context


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our certificate with its chain, its key, and who signs the clients we let in."""

    cert: Path
    key: Path
    client_ca: Path | None = None
    """Without one, a client needs no certificate."""
    option: str = "audit.webhook.tls"
    """How the names of the options begin, for messages."""

    @property
    def named(self) -> tuple[tuple[str, Path], ...]:
        """Each with its option."""
        files = [(f"{self.option}-cert-file", self.cert), (f"{self.option}-key-file", self.key)]
        if self.client_ca:
            files.append((f"{self.option}-client-ca-file", self.client_ca))
        return tuple(files)

    def terms(self) -> Terms:
        """All that TLS is by default; raises ``FileError``."""
        section = TlsSection(client_auth_type=VERIFIED if self.client_ca else "")
        pems: list[Pem] = [
            (f"--{name}: {path}", read_file(name, path)) for name, path in self.named
        ]
        return Terms(server_context(section, Material(*pems)))

    def followed(self, note: Note) -> Followed[Terms]:
        """Read anew when one of them has changed."""
        return Followed(self.named, self.terms, note=note)
