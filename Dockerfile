# What a manager in a container can look after: what runs inside the same container (drivers `process` and `tmux`), and
# by checks what it reaches over the network. It sees neither the host's processes nor the host's tmux sessions, and
# when the container ends, everything in it ends too: "services outlive the manager" holds for a killed manager, not for
# a removed container. To keep the services of a VPN host running, install the manager on the host (README.md,
# docs/orbitvpn-manager.service).
#
#   docker build -t orbitvpn-manager .
#   docker run -d --name orbitvpn-manager --restart unless-stopped --env-file .env \
#     -v "$PWD/config:/app/config:ro" -v orbitvpn-data:/data orbitvpn-manager
#   docker exec orbitvpn-manager orbit status

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing compiles and nothing is fetched at install; so no script of any package has to run.
RUN npm ci --ignore-scripts
COPY tsconfig.json build.ts ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
# tini reaps what services leave behind as process 1; with `docker run --init` there is one more, which does no harm.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini tmux \
 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
    ORBIT_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE README.md ./
COPY locales ./locales
COPY config ./config
RUN install -d -o node -g node -m 700 /data \
 && chmod +x dist/main.js \
 && ln -s /app/dist/main.js /usr/local/bin/orbit
# Services started in here run as this user too. Where that is not enough: `docker run --user`.
USER node
VOLUME /data
# The port is http.port of services.yaml. To reach it from outside the container, http.host has to be 0.0.0.0.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "orbit"]
CMD ["run"]
