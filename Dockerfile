# One image for every Airflow service of migstat.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    AIRFLOW_HOME=/opt/airflow \
    MIGSTAT_HOME=/var/lib/migstat

WORKDIR /opt/migstat

# What changes seldom comes first, so that a change of code does not install everything anew.
COPY requirements.txt ./
RUN pip install --quiet uv && uv pip install --system --no-cache --require-hashes -r requirements.txt

COPY pyproject.toml requirements.in ./
COPY pipelines pipelines
COPY engine engine
COPY dags dags
COPY plugins plugins
COPY expectations expectations
COPY warehouse warehouse
RUN uv pip install --system --no-cache --no-deps --no-build-isolation -e . \
    && useradd --uid 50000 --create-home migstat \
    && mkdir -p "$AIRFLOW_HOME" "$MIGSTAT_HOME" \
    && chown -R migstat "$AIRFLOW_HOME" "$MIGSTAT_HOME"

USER migstat
CMD ["airflow", "version"]
