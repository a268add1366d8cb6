import assert from 'node:assert/strict';
import { afterEach, test, vi } from 'vitest';
import { ConfigurationError, readEnvironment } from '../../runtime/environment.ts';
import { createLogger } from '../../runtime/logger.ts';
import { elevenDigitsIn } from '../../runtime/scrub.ts';
import { startTracing } from '../../runtime/tracing/opentelemetry.ts';
import { readTracingSetting } from '../../runtime/tracing/setting.ts';
import { createTraceIds } from '../../runtime/tracing/trace-ids.ts';
import { traceIdOf } from '../../runtime/tracing/tracing.ts';
import { startCollector } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';

afterEach(() => vi.unstubAllEnvs());

function setting(variables: Record<string, string>) {
  const environment = readEnvironment(variables);
  const read = readTracingSetting(environment);
  environment.finish();
  return read;
}

const usual = { sampler: 'parentbased_always_on', ratio: 1, delayMs: 5_000 } as const;

const OTLP = 'http://collector:4318';

test('where spans go is what the standard variables say; without them nowhere', () => {
  assert.equal(setting({}), null);
  assert.equal(setting({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_EXPORTER: 'otlp' }), null);
  assert.deepEqual(setting({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP }), { ...usual, url: `${OTLP}/v1/traces` });
  assert.deepEqual(setting({ OTEL_EXPORTER_OTLP_ENDPOINT: `${OTLP}/base/` }), {
    ...usual,
    url: `${OTLP}/base/v1/traces`,
  });
  const whole = { OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other/take' };
  assert.deepEqual(setting(whole), { ...usual, url: 'https://other/take' });
  assert.equal(setting({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_SDK_DISABLED: 'true' }), null);
  assert.equal(setting({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_TRACES_EXPORTER: 'none' }), null);
});

test('what cannot be meant is refused by name', () => {
  const wrong = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://user:word@collector',
    OTEL_TRACES_EXPORTER: 'jaeger',
    OTEL_SDK_DISABLED: 'yes',
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(
      () => setting({ [name]: value }),
      (error) => error instanceof ConfigurationError && error.faults.some((fault) => fault.name === name),
    );
  }
  assert.equal(setting({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER: 'x' }), null, 'not used');
  for (const [name, value] of Object.entries({ OTEL_TRACES_SAMPLER: 'some', OTEL_TRACES_SAMPLER_ARG: '1.5' })) {
    assert.throws(() => setting({ OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, [name]: value }), new RegExp(`${name} must be`));
  }
  const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  assert.throws(() => setting(grpc), /OTEL_EXPORTER_OTLP_PROTOCOL must not be grpc/);
});

test('no id looks as if it held a number', () => {
  const given = ['0a'.repeat(16), `a${'1'.repeat(31)}`, `b0123456789${'c'.repeat(21)}`];
  const ids = createTraceIds({ generateTraceId: () => given.shift() ?? '', generateSpanId: () => 'a'.repeat(16) });
  assert.equal(ids.generateTraceId(), `b0123456789${'c'.repeat(21)}`);
  const random = createTraceIds();
  for (let nth = 0; nth < 2_000; nth += 1) {
    const text = `00-${random.generateTraceId()}-${random.generateSpanId()}-01`;
    assert.match(text, /^00-[a-f][0-9a-f]{31}-[a-f][0-9a-f]{15}-01$/);
    assert.deepEqual(elevenDigitsIn(text), []);
  }
});

function logging() {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  return { log, events: () => lines.map((line) => JSON.parse(line).event) };
}

/** So many steps, none of which waits for anything. */
async function steps(tracing: ReturnType<typeof startTracing>, count: number) {
  for (let nth = 0; nth < count; nth += 1) await tracing.span({ name: 'step' }, async () => undefined);
}

test('a collector that hangs holds 2,048 spans at most; the others are dropped and counted, and the program stops all the same', async () => {
  await using collector = await startCollector({ answers: false });
  const { log, events } = logging();
  const tracing = startTracing({ ...usual, delayMs: 20, url: `${collector.url}/v1/traces` }, 'test', log);
  await steps(tracing, 3_000);
  assert.equal(tracing.dropped(), 3_000 - 2_048);
  assert.deepEqual(events(), ['spans_dropped'], 'said once');
  const asked = performance.now();
  await tracing.stop();
  assert.ok(performance.now() - asked < 6_000);
});

test('what a collector refuses is counted, and when it takes spans again the log says so', async () => {
  let status = 400;
  await using collector = await startCollector({ status: () => status });
  const { log, events } = logging();
  const tracing = startTracing({ ...usual, delayMs: 20, url: `${collector.url}/v1/traces` }, 'test', log);
  await steps(tracing, 3);
  await until('the refusal', () => tracing.dropped() === 3);
  status = 200;
  await steps(tracing, 2);
  await until('spans taken', () => events().includes('spans_taken_again'));
  await tracing.stop();
  assert.equal(tracing.dropped(), 3);
  assert.deepEqual(events(), ['spans_dropped', 'spans_taken_again']);
});

test.each([
  ['always_on', 1, 100],
  ['always_off', 1, 0],
  ['parentbased_traceidratio', 0.5, 50],
] as const)('%s with %d sends about %d traces of a hundred', async (sampler, ratio, expected) => {
  await using collector = await startCollector();
  const { log } = logging();
  const tracing = startTracing({ ...usual, sampler, ratio, url: `${collector.url}/v1/traces` }, 'test', log);
  await steps(tracing, 1_000);
  await tracing.stop();
  const share = collector.spans().length / 10;
  assert.ok(Math.abs(share - expected) <= (expected === 50 ? 10 : 0), String(share));
});

test('an error is told by its code, or its name, never by its message', async () => {
  await using collector = await startCollector();
  const tracing = startTracing({ ...usual, delayMs: 20, url: `${collector.url}/v1/traces` }, 'test', logging().log);
  const errors = [
    Object.assign(new Error('Key (email)=(kari@example.no)'), { code: '23505' }),
    new TypeError('of Kari'),
    Object.assign(new Error('of Kari'), { code: 'says: Kari' }),
    'Kari',
  ];
  for (const error of errors) {
    await assert.rejects(tracing.span({ name: 'step' }, () => Promise.reject(error)));
  }
  await tracing.stop();
  assert.deepEqual(
    collector.spans().map(({ attributes, failed }) => [attributes['error.type'], failed]),
    [
      ['23505', true],
      ['TypeError', true],
      ['Error', true],
      ['unknown', true],
    ],
  );
  assert.doesNotMatch(collector.bodies.join(), /kari/i);
});

test('steps at the same moment do not get into each other’s traces, and the name of the service can be set', async () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'callback-oslo');
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=of-ours');
  await using collector = await startCollector();
  const tracing = startTracing({ ...usual, delayMs: 20, url: `${collector.url}/v1/traces` }, 'test', logging().log);
  const inner = async (name: string) =>
    tracing.span({ name, parent: null }, async () => {
      await new Promise((done) => setImmediate(done));
      return tracing.span({ name: `in ${name}` }, async () => traceIdOf(tracing.traceparent()));
    });
  const ids = await Promise.all(['one', 'two'].map(inner));
  assert.equal(tracing.traceparent(), undefined, 'nothing is under way here');
  await tracing.stop();
  const spans = collector.spans();
  assert.deepEqual(
    ['in one', 'in two'].map((name) => spans.find((span) => span.name === name)?.traceId),
    ids,
  );
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual(new Set(spans.map(({ service }) => service)), new Set(['callback-oslo']));
  assert.equal(collector.headers[0]?.['x-key'], 'of-ours');
});
