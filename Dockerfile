# syntax=docker/dockerfile:1
# The image of kube-event-metrics: one virtual environment on a slim base, no pip, no shell needed.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
# A C compiler, for the hot modules; it stays behind in this stage.
# hadolint ignore=DL3008 # any compiler of the base's release will do
RUN apt-get update && \
    apt-get install --yes --no-install-recommends gcc libc6-dev && \
    rm -rf /var/lib/apt/lists/*
RUN python -m venv --without-pip /opt/venv
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY exporter exporter
# Byte code is made here: the root file system is read-only at run time.
# hadolint ignore=DL3013 # it is this project, not a package of an index
RUN HATCH_BUILD_HOOKS_ENABLE=1 pip --python /opt/venv/bin/python install --no-cache-dir --compile '.[fast]'

FROM ${BASE}
LABEL org.opencontainers.image.title="kube-event-metrics" \
      org.opencontainers.image.description="Every occurrence of every Kubernetes Event, counted once." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Numeric, so that runAsNonRoot can be verified.
USER 65532:65532
EXPOSE 10360
ENTRYPOINT ["kube-event-metrics"]
