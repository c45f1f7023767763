# The mirror alone: no shell, no package manager, nothing that is written.
#
# The bases of the two building stages are named by exact version. Their digests are not known where
# this file is edited without a registry; `scripts/image/pin.sh` puts them in, and the release
# workflow refuses to publish an image before that was done. Nothing of these bases but the bundle
# of authorities is in the image.
ARG NODE_IMAGE=node:22.21.1-bookworm-slim
ARG RUST_IMAGE=rust:1.95.0-slim-bookworm

FROM ${NODE_IMAGE} AS console
WORKDIR /src/console
COPY console/package.json console/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY console/ ./
# The editor of connection details is made of it.
COPY schemas/connection-details.json /src/schemas/
RUN npm run build

FROM ${RUST_IMAGE} AS binary
WORKDIR /src
# For the licence texts alone; whichever version the base has will do.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY . .
COPY --from=console /src/console/dist console/dist
ARG REVISION=unknown
# As scripts/lib/mirror.sh and release.sh build it, which say why: the same binary, where Rust, C library
# and console are the same. What reads the licences asks for every crate, also
# for those that no build fetches.
RUN cargo fetch --locked \
 && target="$(rustc --print host-tuple)" \
 && MIRROR_REVISION="$REVISION" RUSTFLAGS="-C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\" --remap-path-prefix=/src=/src --remap-path-prefix=$CARGO_HOME=/cargo" cargo build --release --locked --target "$target" \
 && mkdir -p /root-of-image/etc/ssl/certs /root-of-image/licenses \
 && cp "target/$target/release/prometheus-mirror" /root-of-image/ \
 && cp /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/ \
 && cp LICENSE /root-of-image/licenses/ \
 && python3 scripts/package/licenses.py /root-of-image/licenses/third-party-licenses.txt \
 && gzip -n9 /root-of-image/licenses/third-party-licenses.txt

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="prometheus-mirror" \
      org.opencontainers.image.description="Serves StackState's Mirror API from Prometheus and everything that speaks its HTTP API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=binary /root-of-image/ /
USER 65532:65532
# Beyond loopback it needs API_KEY and a wall (CALLER_TOKEN, MIRROR_ALLOWED_CALLERS, or what may be
# reached); without them it stops with the line that says what to set.
ENV MIRROR_LISTEN=0.0.0.0
EXPOSE 9900 9901
HEALTHCHECK --interval=10s --timeout=6s --start-period=5s --retries=3 \
    CMD ["/prometheus-mirror", "health"]
ENTRYPOINT ["/prometheus-mirror"]
CMD ["serve"]
