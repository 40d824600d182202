# Teller in a small image: the program, nothing to build with, and no root.
#
#   docker build -t teller .
#   docker run --rm -p 127.0.0.1:8080:8080 -v teller:/data -e TELLER_ENVIRONMENT=development teller
#
# The image is in production mode unless told otherwise: then it starts only with a certificate (TELLER_HTTP_TLS_CERT_FILE,
# TELLER_HTTP_TLS_KEY_FILE) or behind a proxy that speaks TLS (TELLER_HTTP_BEHIND_PROXY=true). compose.yaml shows the whole of it.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The mounts keep dependencies, downloaded and built, from one build of this image to the next.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin teller \
    && install --strip target/release/teller /usr/local/bin/teller

# The same Debian as above: the program needs its C library, and nothing else.
FROM debian:bookworm-slim
RUN groupadd --gid 10001 teller \
    && useradd --uid 10001 --gid teller --no-create-home --home-dir /data --shell /usr/sbin/nologin teller \
    && install --directory --owner teller --group teller --mode 0700 /data
COPY --from=build /usr/local/bin/teller /usr/local/bin/teller

ENV TELLER_ENVIRONMENT=production \
    TELLER_DATA_DIR=/data \
    TELLER_HTTP_LISTEN=0.0.0.0:8080
USER teller
WORKDIR /data
VOLUME /data
EXPOSE 8080 7070
STOPSIGNAL SIGTERM

# A front end is healthy when a backend answers through it. There is no curl in the image; bash speaks TCP. A port that speaks HTTPS says so
# with a 400: it is alive, and that is all that can be asked of it from here. For `teller backend` compose.yaml has another check.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ \"$status\" = [24]00 ]]"]

ENTRYPOINT ["teller"]
CMD ["serve"]
