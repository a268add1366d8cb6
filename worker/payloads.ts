import { Failure } from './failure.ts';

/** Payload of `push_personnummer`: which row of `sync.pushes` to carry. */
export interface PushPayload {
  readonly push_id: string;
}

/** Payload of `process_observation`: which row of `registry.observations` to match again. */
export interface ObservationPayload {
  readonly observation_id: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function hasUuid(payload: unknown, key: string): boolean {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return false;
  const value: unknown = Reflect.get(payload, key);
  return typeof value === 'string' && uuid.test(value);
}

// Payloads are asserted and not merely declared: any SQL may enqueue anything, and old jobs outlive a deployment.

/** Throws `payload_invalid` unless the payload names a push by its id. */
export function assertPushPayload(payload: unknown): asserts payload is PushPayload {
  if (!hasUuid(payload, 'push_id')) throw new Failure('payload_invalid');
}

/** Throws `payload_invalid` unless the payload names an observation by its id. */
export function assertObservationPayload(payload: unknown): asserts payload is ObservationPayload {
  if (!hasUuid(payload, 'observation_id')) throw new Failure('payload_invalid');
}
