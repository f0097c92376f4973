# syntax=docker/dockerfile:1
# The image of kube-event-metrics: one virtual environment on a slim base, no pip, no shell needed.
# What is in it and what its arguments are for: docs/image.md.
ARG BASE=python:3.13-slim
# What builds may be more than what runs, with the same Python at the same path.
ARG BUILD_BASE=${BASE}
# That of pyproject.toml; the build fails where it is another one.
ARG VERSION=0.1.0

FROM ${BUILD_BASE} AS build
# A C compiler, for the hot modules; it stays behind in this stage.
ARG BUILD_PACKAGES="gcc libc6-dev"
# hadolint ignore=DL3008,SC2086 # any compiler of the base's release will do; a list of words
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ${BUILD_PACKAGES} && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
# One environment builds, the other one runs. What comes from an index is what the locks know.
COPY deploy/image/build-requirements.txt deploy/image/requirements.txt deploy/image/
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/build && \
    /opt/build/bin/pip install --quiet --require-hashes --only-binary :all: --no-compile \
        --requirement deploy/image/build-requirements.txt --requirement deploy/image/requirements.txt && \
    python3 -m venv --without-pip /opt/venv && \
    /opt/build/bin/pip --python /opt/venv/bin/python3 install --quiet --require-hashes \
        --only-binary :all: --no-compile --requirement deploy/image/requirements.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY exporter exporter
ARG VERSION
RUN HATCH_BUILD_HOOKS_ENABLE=1 /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation \
        --wheel-dir /dist . && \
    /opt/build/bin/pip --python /opt/venv/bin/python3 install --quiet --no-index --no-deps \
        --no-compile "/dist/kube_event_metrics-${VERSION}"-*.whl
# Not taken along: the kubernetes package's generated clients of each API and their models, three
# quarters of all there is, of which the exporter uses none; tests; symbols for debuggers.
# Byte code is made here, because the root file system is read-only at run time.
RUN find /opt/venv -path '*/site-packages/kubernetes/*' \
        \( -path '*/client/api/*' -o -path '*/client/models/*' \) ! -name __init__.py -delete && \
    find /opt/venv -type d -name tests -prune -exec rm -r {} + && \
    find /opt/venv -name '*.so' -exec strip --strip-unneeded {} + && \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/venv

FROM ${BASE}
COPY --from=build /opt/venv /opt/venv
# The base's own pip goes, at the hands of the base's Python.
RUN --mount=type=bind,source=deploy/image,target=/steps ["python3", "-B", "/steps/remove_pip.py"]
# Whatever the exporter imports is imported once, as root: it works on this base, and its byte code stays.
# hadolint ignore=DL3059 # by the environment's Python
RUN --mount=type=bind,source=deploy/image,target=/steps ["/opt/venv/bin/python3", "/steps/import_all.py"]
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Numeric, so that runAsNonRoot can be verified.
USER 65532:65532
EXPOSE 10360
ENTRYPOINT ["kube-event-metrics"]
ARG VERSION
ARG REVISION=""
ARG CREATED=""
ARG SOURCE=""
ARG BASE
LABEL org.opencontainers.image.title="kube-event-metrics" \
      org.opencontainers.image.description="Every occurrence of every Kubernetes Event, counted once." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE}"
