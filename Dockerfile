# Builder: a virtual environment with Ellie in it. What changes least comes first, so that a change
# of the source installs nothing again but Ellie herself.
FROM python:3.11-slim-bookworm AS builder

# The CPU build of torch. For NVIDIA GPUs take an index with CUDA; pytorch.org lists those that
# carry torch 2.13:
#   docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 .
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PATH=/opt/ellie/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /build
COPY constraints.txt ./
# Alone: what it needs is taken from the usual index below, in the versions that are pinned.
RUN python -m venv /opt/ellie \
    && pip install --index-url "${TORCH_INDEX}" --constraint constraints.txt --no-deps "torch==2.13.*"

COPY pyproject.toml ./
RUN python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; print(*p["dependencies"], *p["optional-dependencies"]["postgres"], sep="\n")' > requirements.txt \
    && pip install --constraint constraints.txt --requirement requirements.txt

COPY LICENSE README.md ./
COPY adapters adapters
COPY bot bot
COPY migrations migrations
COPY storage storage
RUN pip install --no-deps .


FROM python:3.11-slim-bookworm

# The id is fixed, so that folders mounted from the host can be given to it.
RUN groupadd --gid 10001 ellie \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin ellie \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data /models

# pip comes along: it fetches the built-in models.
COPY --from=builder /opt/ellie /opt/ellie

ENV PATH=/opt/ellie/bin:$PATH \
    ELLIE_DATA_DIR=/data \
    ELLIE_MODELS_DIR=/models \
    ELLIE_LOG_FORMAT=json \
    ELLIE_LOG_LEVEL=info \
    ELLIE_SLACK_HOST=0.0.0.0

# Only for Slack over HTTP, where SLACK_SIGNING_SECRET is set; everything else connects outwards.
EXPOSE 3000

VOLUME ["/data", "/models"]

# An ellie.toml in the data folder is found here.
WORKDIR /data
USER 10001:10001

# Healthy means that database and model can be used, or that the model can be fetched. It does not
# say whether the model is loaded yet.
HEALTHCHECK --interval=60s --timeout=30s --start-period=30s CMD ["ellie", "check"]

ENTRYPOINT ["ellie"]
CMD ["run"]
