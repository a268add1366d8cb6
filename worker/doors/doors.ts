import type { Pool } from 'pg';
import { createCall } from './call.ts';
import { createDriftDoors, type DriftDoors } from './drift-doors.ts';
import { createFileDoors, type FileDoors } from './file-doors.ts';
import { createPushDoors, type PushDoors, preparedPushDoors } from './push-doors.ts';
import { createUpkeepDoors, type UpkeepDoors } from './upkeep-doors.ts';

/**
 * The functions of schema `worker`: all that the role `sync_worker` may do with our data.
 * Each throws the Failure `database_failed`, with the database's own error as its cause.
 */
export type Doors = PushDoors & FileDoors & DriftDoors & UpkeepDoors;

export interface DoorsOptions {
  /** False behind a pooler that does not keep sessions; the default. */
  readonly preparedStatements?: boolean;
  /** Hears when a call for many failed; each of them is then asked for alone. */
  readonly onGatherFailure?: (door: string, error: unknown) => void;
}

export function createDoors(pool: Pool, { preparedStatements = false, onGatherFailure }: DoorsOptions = {}): Doors {
  const call = createCall(pool, preparedStatements ? preparedPushDoors : new Map());
  return {
    ...createPushDoors(call, onGatherFailure),
    ...createFileDoors(call),
    ...createDriftDoors(call),
    ...createUpkeepDoors(call),
  };
}
