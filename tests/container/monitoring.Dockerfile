# Prometheus and Alertmanager as compose.yaml takes them from their projects, but out of Debian: where
# the lab runs there may be no registry. Entry points, users and folders are those of the originals.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS debian
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends prometheus prometheus-alertmanager \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner nobody --group nogroup /prometheus /alertmanager
USER 65534:65534

FROM debian AS prometheus
WORKDIR /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]

FROM debian AS alertmanager
WORKDIR /alertmanager
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
