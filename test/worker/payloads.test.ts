import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readObservationPayload, readPushPayload } from '../../worker/payloads.ts';

const id = '7b1f0a52-3c7e-4a57-9a35-0a8e6f5f3c11';

test('payloads with an id are taken, whatever else an older or newer release put there', () => {
  assert.deepEqual(readPushPayload({ push_id: id }), { push_id: id });
  assert.deepEqual(readPushPayload({ push_id: id, organization_id: id }), { push_id: id });
  assert.deepEqual(readObservationPayload({ observation_id: id }), { observation_id: id });
});

const malformed: unknown[] = [
  undefined,
  null,
  'text',
  7,
  [],
  [{ push_id: id, observation_id: id }],
  {},
  { push_id: 7, observation_id: 7 },
  { push_id: '', observation_id: '' },
  { push_id: '24929948099', observation_id: '24929948099' },
  { push_id: `${id}\n`, observation_id: ` ${id}` },
];
for (const payload of malformed) {
  test(`the payload ${JSON.stringify(payload)} is refused without being quoted`, () => {
    for (const read of [readPushPayload, readObservationPayload]) {
      assert.throws(() => read(payload), { message: 'payload_invalid' });
    }
  });
}
