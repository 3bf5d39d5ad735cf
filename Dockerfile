# One image for every part: web, worker, beat and the demo's mesh run the same code with another command.
FROM node:22-bookworm-slim AS frontend
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./frontend/
RUN npm --prefix frontend ci --no-audit --no-fund
COPY meshui/contract/openapi.yaml ./meshui/contract/openapi.yaml
COPY frontend ./frontend
RUN npm --prefix frontend run build

FROM python:3.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --create-home meshui && install -d -o meshui -g meshui /state
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY manage.py pyproject.toml ./
COPY meshui ./meshui
COPY --from=frontend /src/frontend/dist ./frontend/dist
USER meshui
ENV MESHUI_STATE=/state
VOLUME /state
EXPOSE 8000
CMD ["uvicorn", "meshui.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-server-header", \
     "--ws-per-message-deflate", "false"]
