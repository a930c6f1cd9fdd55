# The page as a container:
#   docker build -t genre-recognition . && docker run -d -p 8080:80 genre-recognition

FROM python:3.11-slim AS songs
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY genre_lib genre_lib
COPY beetsplug beetsplug
RUN pip install --no-cache-dir . "librosa>=0.11,<1"
COPY data/models data/models
COPY web/scripts web/scripts
RUN python web/scripts/make-demo-songs.py

FROM node:20-slim AS page
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci
WORKDIR /build
COPY genre_lib/bundle/card.schema.json genre_lib/bundle/resources.py genre_lib/bundle/
COPY genre_lib/figures/palette.json genre_lib/figures/
COPY data/models data/models
COPY web web
COPY --from=songs /build/web/public/demo web/public/demo
RUN cd web && npm run build

# A folder of music whose empty genres are filled as it grows (docs/tag-your-library.md): docker build --target tagger .
FROM python:3.12-slim AS tagger
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY genre_lib genre_lib
COPY beetsplug beetsplug
COPY data data
RUN pip install --no-cache-dir ".[tags]"
ENV XDG_STATE_HOME=/state
VOLUME ["/music", "/state"]
ENTRYPOINT ["genre"]
CMD ["predict", "/music", "--watch", "--tag", "--journal", "/state/heard"]

FROM nginx:1.28-alpine
LABEL org.opencontainers.image.title="genre-page" org.opencontainers.image.version="0.6.0"
ENV PAGE_PORT=80 PAGE_ROOT=/usr/share/nginx/page PAGE_HEADERS=/etc/nginx/page-headers.conf
RUN rm /etc/nginx/conf.d/default.conf
COPY web/nginx/headers.conf /etc/nginx/page-headers.conf
COPY web/nginx/page.conf.template /etc/nginx/templates/page.conf.template
COPY --from=page /build/web/dist /usr/share/nginx/page
EXPOSE 80
