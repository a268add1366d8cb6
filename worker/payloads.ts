import { Failure } from './failure.ts';

/** Payload of `push_personnummer`: which row of `sync.pushes` to carry. */
export interface PushPayload {
  readonly push_id: string;
}

/** Payload of `process_observation`: which row of `registry.observations` to match again. */
export interface ObservationPayload {
  readonly observation_id: string;
}

/** Payload of `check_drift`: nothing for all organisations, or one and the member after which to go on. */
export interface DriftPayload {
  readonly organization?: string;
  readonly after?: string | null;
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

/** Throws `payload_invalid` unless the payload is empty, or names an organisation by its slug. */
export function assertDriftPayload(payload: unknown): asserts payload is DriftPayload {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw new Failure('payload_invalid');
  const { organization, after } = payload as Readonly<Record<string, unknown>>;
  if (organization === undefined) return;
  const known = typeof organization === 'string' && /^[a-z0-9-]{1,60}$/.test(organization);
  const goesOn = after === undefined || after === null || (typeof after === 'string' && uuid.test(after));
  if (!known || !goesOn) throw new Failure('payload_invalid');
}
