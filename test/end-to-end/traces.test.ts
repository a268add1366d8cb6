import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { openTracing } from '../../runtime/tracing/open-tracing.ts';
import { readConfig } from '../../worker/config.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { logIn, type Tokens, token, tokensOf } from '../auth-callback/support/browser.ts';
import { number, startWorld, type World } from '../auth-callback/support/world.ts';
import { type Listening, serve } from '../runtime/servers.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase } from '../support/database.ts';
import { addMemberSystem, testKeys } from '../support/samples.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';

// A login is followed from the browser that comes back, through the database, to the member system. Callback and worker run as in production,
// and the collector is a real one as far as they can tell.

const SOON = { OTEL_BSP_SCHEDULE_DELAY: '20' };
const ROUTE = '/callback/:organization/:provider';

type Asked = { traceparent: unknown; key: unknown; url: string | undefined };

/** A member system that answers with these statuses, one after the other; the last one holds. */
async function startMemberSystem(statuses: number[]): Promise<Listening & { asked: Asked[] }> {
  const asked: Asked[] = [];
  const listening = await serve((request, response) => {
    const { traceparent, 'idempotency-key': key } = request.headers;
    const status = statuses[Math.min(asked.length, statuses.length - 1)] ?? 200;
    asked.push({ traceparent, key, url: request.url });
    request.resume().on('end', () => response.writeHead(status).end());
  });
  return { ...listening, asked };
}

async function startWorker({ db }: World, settings: Record<string, string>, lines: string[]) {
  const { PERSONNUMMER_SEALING_KEYS: _, ...keys } = testKeys().environment;
  const config = readConfig({ DEPLOYMENT: 'local', DATABASE_URL: db.urlFor('sync_worker'), ...keys, ...settings });
  const log = createLogger({ name: 'worker', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const tracing = await openTracing(config.tracing, 'worker', log);
  const worker = createWorker(config, log, { pollIntervalMs: 50, crontab: '', beatEveryMs: 600_000 }, { tracing });
  return {
    async [Symbol.asyncDispose]() {
      await worker.stop();
      await tracing.stop();
    },
  };
}

const named = (spans: ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

function only(spans: ReceivedSpan[], name: string): ReceivedSpan {
  const found = named(spans, name);
  assert.equal(found.length, 1, `${name} of ${spans.map((span) => span.name)}`);
  return found[0] as ReceivedSpan;
}

/** Spans of a trace, when all have come in that a test expects. */
async function traceWith(collector: Collector, count: number): Promise<ReceivedSpan[]> {
  return await until(`${count} spans of the login`, () => {
    const start = collector.spans().find(({ name }) => name === `GET ${ROUTE}`);
    const spans = collector.spans().filter(({ traceId }) => traceId === start?.traceId);
    return spans.length >= count && spans;
  });
}

/** What the database knows of the person, and what else must be in no span. */
async function secretsOf(world: World) {
  const [row] = await world.observations();
  return {
    ...{ number, masked: number.slice(0, 6), index: row?.personnummer_index, sealed: row?.personnummer_sealed },
    ...{ given: 'Kari', family: 'Nordmann', phone: '91234567', email: 'example.no', born: '1972-03' },
    ...{ subject: world.person.sub, member: world.member.id, external: world.member.external_id },
    ...{ observation: row?.id, push: (await pushOf(world)).id, user: world.member.user_id },
    ...{ organization: world.organization.id, client: 'secret of the test client' },
    ...{ query: '?', insert: 'insert into', select: 'select ' },
  };
}

const ofTheLogin = ({ appState, codeVerifier, code, cookie }: Awaited<ReturnType<typeof logIn>>) => ({
  ...{ appState, codeVerifier, code, cookie: cookie.split('=')[1] },
});
const ofTheSession = (tokens: Tokens) => ({ access: tokens.access_token, refresh: tokens.refresh_token });

function tellsNothing(collector: Collector, secrets: Record<string, unknown>): void {
  // Times and random ids have digits of their own.
  const told = collector.bodies.join('\n').replaceAll(/"(\w+TimeUnixNano|\w*[tT]raceId|\w*[sS]panId)":"[^"]*"/g, '');
  for (const [what, secret] of Object.entries(secrets)) {
    assert.ok(typeof secret === 'string' && secret.length > 0, what);
    assert.ok(!told.toLowerCase().includes(secret.toLowerCase()), `${what} is in a span`);
  }
}

test('login, decision, push and the requests to the member system are one trace, which tells nothing of the person', async () => {
  await using collector = await startCollector();
  await using memberSystem = await startMemberSystem([503, 200]);
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, ...SOON };
  await using world = await startWorld({ environment: settings });
  await addMemberSystem(world.db, world.organization, { url_template: `${memberSystem.url}/members/{external_id}` });
  const lines: string[] = [];
  await using _worker = await startWorker(world, settings, lines);

  const login = await logIn(world);
  const tokens = await tokensOf(
    await token(world, { grant_type: 'authorization_code', code: login.code ?? '', code_verifier: login.codeVerifier }),
  );
  await until('the first attempt', async () => (await pushOf(world)).error_code === 'http_5xx');
  await world.db.pool.query(
    `update sync.pushes set next_attempt_at = now(); update graphile_worker._private_jobs set run_at = now()`,
  );
  await until('the delivery', async () => (await pushOf(world)).state === 'delivered');

  const spans = await traceWith(collector, 11);
  const request = only(spans, `GET ${ROUTE}`);
  const exchange = only(spans, 'provider exchange');
  const handOver = only(spans, 'login.record_observation');
  const attempts = named(spans, 'push_personnummer');
  assert.deepEqual(
    [request.parentSpanId, exchange.parentSpanId, handOver.parentSpanId, ...attempts.map((span) => span.parentSpanId)],
    [undefined, request.spanId, request.spanId, handOver.spanId, handOver.spanId],
  );
  for (const name of ['worker.claim_pushes', 'PUT member system', 'worker.finish_pushes']) {
    assert.deepEqual(
      named(spans, name).map((span) => span.parentSpanId),
      attempts.map((span) => span.spanId),
      name,
    );
  }
  assert.equal(spans.length, 11);
  const sent = named(spans, 'PUT member system');
  assert.deepEqual(
    memberSystem.asked.map(({ traceparent }) => traceparent),
    sent.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  );
  assert.deepEqual([...new Set(spans.map(({ service }) => service))].toSorted(), ['auth-callback', 'worker']);
  assert.deepEqual(request.attributes, {
    'http.request.method': 'GET',
    'http.route': ROUTE,
    'http.response.status_code': 302,
  });
  assert.equal(handOver.attributes['personnummer_sync.outcome'], 'filled');
  assert.deepEqual(
    attempts.map(({ attributes, failed }) => [
      attributes['personnummer_sync.result'],
      attributes['error.type'],
      failed,
    ]),
    [
      ['retry', 'http_5xx', true],
      ['delivered', undefined, false],
    ],
  );
  assert.deepEqual(
    sent.map(({ attributes }) => attributes),
    [503, 200].map((status) => ({
      'http.request.method': 'PUT',
      'server.address': '127.0.0.1',
      'http.response.status_code': status,
      ...(status === 503 && { 'error.type': '503' }),
    })),
  );

  // What the app does afterwards has a trace of its own.
  const redeeming = await until('the request to /token', () =>
    collector.spans().find(({ name }) => name === 'POST /token'),
  );
  assert.notEqual(redeeming.traceId, request.traceId);

  tellsNothing(collector, { ...(await secretsOf(world)), ...ofTheLogin(login), ...ofTheSession(tokens) });

  // The log of either program leads to the trace.
  for (const log of [world.logLines, lines]) assert.ok(log.some((line) => line.includes(request.traceId)));
});

const pushOf = async ({ db }: World) => (await db.pool.query('select * from sync.pushes')).rows[0];

test('a decision that was put off, and what comes of it, are part of the same trace', async () => {
  await using collector = await startCollector();
  await using memberSystem = await startMemberSystem([200]);
  const settings = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`, ...SOON };
  await using world = await startWorld({ environment: settings });
  await addMemberSystem(world.db, world.organization, { url_template: `${memberSystem.url}/members/{external_id}` });
  await world.db.pool.query('revoke update on registry.members from registry_owner');
  await logIn(world);
  await world.db.pool.query('grant update on registry.members to registry_owner');
  await using _worker = await startWorker(world, settings, []);
  await until('the delivery', async () => (await pushOf(world))?.state === 'delivered');
  const spans = await traceWith(collector, 8);
  const handOver = only(spans, 'login.record_observation');
  assert.equal(handOver.attributes['personnummer_sync.outcome'], 'deferred');
  assert.equal(only(spans, 'process_observation').parentSpanId, handOver.spanId);
  assert.equal(only(spans, 'process_observation').attributes['personnummer_sync.outcome'], 'filled');
  assert.equal(only(spans, 'push_personnummer').parentSpanId, handOver.spanId);
});

test('a login that is not among the sample is not traced anywhere, and the member system hears so', async () => {
  await using collector = await startCollector();
  await using memberSystem = await startMemberSystem([200]);
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...SOON, ...sampler };
  {
    await using world = await startWorld({ environment: settings });
    await addMemberSystem(world.db, world.organization, { url_template: `${memberSystem.url}/members/{external_id}` });
    await using _worker = await startWorker(world, settings, []);
    await logIn(world);
    await until('the delivery', async () => (await pushOf(world))?.state === 'delivered');
  }
  assert.deepEqual(collector.bodies, []);
  assert.match(String(memberSystem.asked[0]?.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('without an exporter the row has no trace, and the member system gets no header', async () => {
  await using memberSystem = await startMemberSystem([200]);
  await using world = await startWorld();
  await addMemberSystem(world.db, world.organization, { url_template: `${memberSystem.url}/members/{external_id}` });
  await using _worker = await startWorker(world, {}, []);
  await logIn(world);
  await until('the delivery', async () => (await pushOf(world))?.state === 'delivered');
  assert.equal((await world.observations())[0]?.traceparent, null);
  assert.equal(memberSystem.asked[0]?.traceparent, undefined);
});

test('a collector that takes everything and never answers keeps no login waiting', async () => {
  await using collector = await startCollector({ answers: false });
  await using world = await startWorld({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...SOON } });
  assert.notEqual((await logIn(world)).code, null);
  await until('spans at the collector', () => collector.bodies.length > 0);
  // It still has not answered, and does not.
  assert.notEqual((await logIn(world)).code, null);
});

const PROGRAMS = {
  'auth-callback/main.ts': { role: 'auth_callback', started: '"listening"' },
  'worker/main.ts': { role: 'sync_worker', started: 'worker started' },
} as const;

test.each(Object.entries(PROGRAMS))(
  '%s loads OpenTelemetry only where spans are sent',
  async (file, { role, started }) => {
    await using db = await createTestDatabase();
    const { PERSONNUMMER_SEALING_KEYS, PERSONNUMMER_UNSEALING_KEYS, ...keys } = testKeys().environment;
    const own = role === 'sync_worker' ? { PERSONNUMMER_UNSEALING_KEYS } : { PERSONNUMMER_SEALING_KEYS };
    const environment = {
      DEPLOYMENT: 'local',
      DATABASE_URL: db.urlFor(role),
      PUBLIC_URL: 'http://localhost:1',
      PORT: '0',
    };
    const loads = async (settings: Record<string, string>) => {
      const child = spawn(process.execPath, ['--import', './test/support/tell-opentelemetry.ts', file], {
        env: { ...bareEnvironment(), ...environment, ...keys, ...own, ...settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
      const ended = once(child, 'close');
      await until('the program started', () => {
        assert.equal(child.exitCode, null, output);
        return output.includes(started);
      });
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [0, null], output);
      return /^loads @opentelemetry/m.test(output);
    };
    assert.deepEqual(
      await Promise.all([
        loads({ OTEL_SERVICE_NAME: 'x' }),
        loads({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }),
      ]),
      [false, true],
    );
  },
);
