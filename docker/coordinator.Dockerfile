# Coordinator and dashboard in one image: the first is what it runs, the second is apps/web/.next/standalone/apps/web/server.js.
# docker build -f docker/coordinator.Dockerfile -t cloudless:local .
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /cloudless
COPY . .
# Runs `npm ci`, which keeps to the lockfile and runs no scripts of dependencies, then makes the database client, the dashboard and the agent.
RUN npm run build

FROM node:26.10.0-bookworm-slim AS modules
WORKDIR /cloudless
COPY . .
RUN npm ci --ignore-scripts --omit=dev --workspace @cloudless/coordinator

FROM node:26.10.0-bookworm-slim
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 MALLOC_ARENA_MAX=2 CLOUDLESS_DATA=/data CLOUDLESS_LOCAL_AGENT=0 \
    CLOUDLESS_AGENT_FILE=/cloudless/apps/agent/dist/cloudless-agent.mjs NPM_CONFIG_CACHE=/tmp/npm
# A new volume takes over whose folder it is.
RUN mkdir -p /data/coordinator && chown -R node:node /data && chmod -R go= /data
WORKDIR /cloudless
COPY --from=modules /cloudless/node_modules node_modules
COPY --from=build /cloudless/package.json /cloudless/package-lock.json /cloudless/LICENSE ./
COPY --from=build /cloudless/packages packages
COPY --from=build /cloudless/apps/coordinator apps/coordinator
COPY --from=build /cloudless/apps/agent/dist apps/agent/dist
COPY --from=build /cloudless/apps/web/.next/standalone apps/web/.next/standalone
COPY --from=build /cloudless/docker/welcome docker/welcome
USER node
VOLUME /data
EXPOSE 7600
CMD ["node", "--max-semi-space-size=4", "apps/coordinator/src/main.ts"]
