import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { test } from 'vitest';
import { Personnummer } from '../../personnummer/personnummer.ts';
import { createLogger, type Logger } from '../../runtime/logger.ts';

const digits = '01815025039';

type Line = Record<string, unknown> & { err?: Record<string, unknown> };

function capture(): { log: Logger; text: () => string; last: () => Line } {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const log = createLogger({ name: 'auth-callback', level: 'trace', destination });
  return { log, text: () => written.join(''), last: () => JSON.parse(written.at(-1) ?? '') as Line };
}

test('a line is one JSON object with time, level, name and message', () => {
  const { log, text, last } = capture();
  log.info({ organization: 'nhf', status: 302 }, 'login completed');
  const { time, ...rest } = last();
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    level: 'info',
    name: 'auth-callback',
    organization: 'nhf',
    status: 302,
    msg: 'login completed',
  });
  assert.equal(text().split('\n').length, 2);
});

test('a child carries its correlation id', () => {
  const { log, last } = capture();
  const id = randomUUID();
  log.child({ correlation_id: id }).warn('slow');
  assert.equal(last().correlation_id, id);
});

test('control characters cannot make a second line', () => {
  const { log, text, last } = capture();
  const agent = 'x\r\n{"level":"fatal"}\u001b[31m';
  log.info({ agent }, agent);
  assert.equal(text().split('\n').length, 2);
  assert.equal(last().agent, agent);
  assert.ok(!text().includes('\u001b'));
});

const databaseError = Object.assign(new pg.DatabaseError(`invalid input syntax: "${digits}"`, 0, 'error'), {
  severity: 'ERROR',
  code: '23505',
  constraint: 'members_pkey',
  detail: `Key (nin)=(${digits}) Ola Nordmann already exists.`,
  where: `COPY members, line 1: "${digits} Ola Nordmann"`,
  parameters: [digits, 'Ola Nordmann'],
});

const leaks: Record<string, (log: Logger) => void> = {
  'a message': (log) => log.info(`got ${digits}`),
  'a message with the usual space': (log) => log.info('got 018150 25039'),
  'a message with a hyphen': (log) => log.info('got 018150-25039'),
  'a message with letters around it': (log) => log.info(`nin${digits}x`),
  'a message after a line feed': (log) => log.info(`\n${digits}\n`),
  'a parameter of a message': (log) => log.info('got %s and %j and %d', digits, { a: digits }, 31926110341),
  'a property': (log) => log.info({ subject: digits }),
  'a nested property': (log) => log.info({ a: { b: [{ c: `x ${digits} y` }] } }),
  'a property that is a number': (log) => log.info({ a: { b: 31926110341 } }),
  'a name of a property': (log) => log.info({ a: { [digits]: 1 } }),
  'a URL': (log) => log.info({ url: new URL(`https://example.org/${digits}?nin=${digits}`) }),
  'a child binding': (log) => log.child({ subject: digits, deep: { n: 31926110341 } }).info('x'),
  'an error message': (log) => log.error(new Error(`refused ${digits}`)),
  'an error in a property': (log) => log.error({ reason: new Error(`refused ${digits}`) }, 'x'),
  'a cause': (log) => log.error({ err: new Error('x', { cause: new Error(digits) }) }, 'x'),
  'properties of an error': (log) =>
    log.error({ err: Object.assign(new Error('x'), { claims: { nin: digits } }) }, 'x'),
  'an aggregate error': (log) => log.error({ err: new AggregateError([new Error(digits)], digits) }, 'x'),
  'a database error': (log) => log.error(databaseError),
  'a database error in a property': (log) => log.error({ deep: { cause: databaseError } }, 'x'),
  'a database error as parameter': (log) => log.error('failed: %s %o', databaseError, databaseError),
  'a thrown text': (log) => log.error({ err: digits }, 'x'),
  'a personnummer': (log) => log.info({ value: new Personnummer(digits) }, `${new Personnummer(digits)}`),
  'an instance of a class': (log) => log.info({ map: new Map([[digits, digits]]), bytes: Buffer.from(digits) }),
};
for (const [what, leak] of Object.entries(leaks)) {
  test(`${what} does not bring the number out`, () => {
    const { log, text } = capture();
    leak(log);
    // Vitest marks the files that it loads with the time; in a stack, that is thirteen digits.
    const written = text().replaceAll(/\?vitest=[0-9]+/g, '');
    assert.doesNotMatch(written, /[0-9]{6}[ -]?[0-9]{5}|25039|10341/);
    assert.doesNotThrow(() => JSON.parse(text()));
  });
}

test('of a database error the code, the constraint and the place are logged, none of its texts', () => {
  const { log, text, last } = capture();
  log.error({ err: new Error('the observation was not stored', { cause: databaseError }) });
  const cause = last().err?.cause as Record<string, unknown>;
  assert.equal(cause.code, '23505');
  assert.equal(cause.constraint, 'members_pkey');
  assert.match(String(cause.stack), /^\s+at /);
  assert.deepEqual(Object.keys(cause).sort(), ['code', 'constraint', 'name', 'stack']);
  assert.doesNotMatch(text(), /Nordmann|Key|COPY|syntax/);
});

test('an ordinary error keeps name, code, message and stack, and nothing else', () => {
  const { log, last } = capture();
  log.error(
    Object.assign(new TypeError('no such provider'), { code: 'provider_unknown', response: { body: 'secret' } }),
  );
  const { stack, ...rest } = last().err ?? {};
  assert.deepEqual(rest, { name: 'TypeError', code: 'provider_unknown', message: 'no such provider' });
  assert.match(String(stack), /logger\.test\.ts/);
  assert.equal(last().msg, 'TypeError');
});

test('what JSON.parse says about its input is not logged', () => {
  const { log, text } = capture();
  try {
    JSON.parse('{"name":"Ola Nordmann",}');
  } catch (err) {
    log.error({ err }, 'no JSON');
  }
  assert.doesNotMatch(text(), /Nordmann/);
});

test('values under the names of secrets are removed, a query is cut off', () => {
  const { log, text } = capture();
  log.info({
    headers: { authorization: 'Bearer leak', cookie: 'leak' },
    tokens: { access_token: 'leak', id_token: 'leak', refresh_token: 'leak' },
    client_secret: 'leak',
    url: new URL('https://example.org/callback?code=leak'),
  });
  assert.doesNotMatch(text(), /leak/);
});

test('ids, times and ordinary numbers are left alone', () => {
  const { log, last } = capture();
  const uuid = '12345678-1234-1234-1234-123456789012';
  const kept = {
    id: uuid,
    nearly: 'a1234567-1234-1234-1234-12345678901a',
    ms: 1_790_000_000_000,
    seconds: 1_790_000_000,
    fencing_token: '7',
  };
  log.info({ ...kept, share: 0.12345678901, masked: '018150*****' }, `id ${uuid}`);
  const { id, nearly, ms, seconds, fencing_token, share, masked, msg } = last();
  assert.deepEqual({ id, nearly, ms, seconds, fencing_token }, kept);
  assert.deepEqual({ share, masked, msg }, { share: 0.12345678901, masked: '018150*****', msg: `id ${uuid}` });
});

test('an object that holds itself does not stop the logger', () => {
  const { log, last } = capture();
  const loop: Record<string, unknown> = { a: 1 };
  loop.self = loop;
  log.info({ loop }, 'still here');
  assert.equal(last().msg, 'still here');
});

test('whatever is logged, the line is JSON and holds no number', () => {
  const text = fc.oneof(fc.constantFrom(digits, ` ${digits}"`, `\\${digits}\n`), fc.string({ unit: 'binary' }));
  const value = fc.object({ key: text, values: [text, fc.constant(31926110341), fc.double()] });
  fc.assert(
    fc.property(value, text, (record, message) => {
      const captured = capture();
      captured.log.info(record, message.replaceAll('%', ''));
      assert.doesNotThrow(() => captured.last());
      assert.ok(!captured.text().includes(digits) && !/[^.0-9]31926110341[^0-9]/.test(captured.text()));
    }),
  );
});
