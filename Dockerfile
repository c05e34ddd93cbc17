# One image for every role; CLARION_ROLES says which (docker-compose.yml runs one container per role). It is for use with a Kafka cluster and a
# ClickHouse server: the embedded ones stay out of it.
FROM node:24-bookworm-slim AS console

# The web console is built apart: neither its packages nor its sources are in the image.
WORKDIR /app
COPY bin bin
COPY console console
RUN node bin/console.mjs build

FROM node:24-bookworm-slim

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the only one that matters fetches Node 24, which the image is. `npm install` keeps to the lock file and, unlike `npm ci`, does
# not insist that it lists optional packages of other machines.
RUN npm install --no-save --omit=dev --ignore-scripts && rm -rf node_modules/@chdb && npm cache clean --force
COPY topics topics
COPY processors processors
COPY src src
COPY --from=console /app/console/dist console/dist

RUN mkdir /data && chown node:node /data
USER node
ENV HOST=0.0.0.0 PORT=8080 CLARION_DATA_DIR=/data NODE_ENV=production
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/ready').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-warning=ExperimentalWarning", "--disable-warning=TimeoutNegativeWarning", "src/main.ts"]
