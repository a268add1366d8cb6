import { type ActingCallback, actAsCallback, one } from './acting-callback.ts';
import { becomeCoordinator, type Coordinator } from './coordinator.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export type Case = {
  id: string;
  version: number;
  kind: string;
  member_id: string;
  other_member_id: string;
  candidates: string[];
};
export type Desk = {
  db: TestDatabase;
  callback: ActingCallback;
  coordinator: Coordinator;
  openCases(): Promise<Case[]>;
  settle(decision: string, nth?: number): Promise<Record<string, unknown>>;
};

/** A coordinator at work in an organisation of her own. */
export async function atTheDesk(action: (desk: Desk) => Promise<void>) {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const openCases = () => coordinator.query<Case>('select * from api.open_conflicts order by opened_at, id');
  const settle = async (decision: string, nth = 0) => {
    const found = (await openCases())[nth] as Case;
    return coordinator.call('resolve_conflict', found.id, decision, 'seen the papers', found.version);
  };
  await action({ db, callback, coordinator, openCases, settle });
}

/** A member record as it is stored. */
export const record = (db: TestDatabase, id: string) => one(db, 'select * from registry.members where id = $1', [id]);

/** Names of the audit events that somebody caused, in order; by default coordinators. */
export const eventsBy = async (db: TestDatabase, actor = 'coordinator:%') =>
  (await db.pool.query('select event from audit.events where actor like $1 order by id', [actor])).rows.map(
    (row) => row.event,
  );
