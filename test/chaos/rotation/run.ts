import { setTimeout as pause } from 'node:timers/promises';
import { parseVerifierKey } from '../../../audit-seal/note.ts';
import { kindNames } from '../../../key-tools/kinds.ts';
import { findPostgres } from '../../../local/postgres-binaries.ts';
import { findServerUser } from '../../../local/server-user.ts';
import { verifyTestAudit } from '../../support/sealing.ts';
import { checkAll, type Invariant } from '../invariants.ts';
import { asFigures } from '../load/tally.ts';
import { createChance } from '../random.ts';
import { durableServer } from '../server.ts';
import { settle } from '../settle.ts';
import { createWorld, type World } from '../world.ts';
import { addPeople } from './people.ts';
import { type SteadyLogins, startSteadyLogins } from './steady-logins.ts';
import { stepsOf, takeStep } from './turn-over.ts';

export interface RotationOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly loginsPerSecond: number;
  /** Folder for the programs' logs, which stay. */
  readonly logs: string;
  report(line: string): void;
}

export interface RotationReport {
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, string | number>>;
  readonly invariants: readonly Invariant[];
}

/** All five kinds of keys turn over, one after the other, while people log in through two callbacks and two workers send. */
export async function runRotation(options: RotationOptions): Promise<RotationReport> {
  const { seed, seconds, loginsPerSecond, logs, report } = options;
  const chance = createChance(seed);
  await using parts = new AsyncDisposableStack();
  report('starting');
  const startServer = durableServer({ bin: `${await findPostgres(18, findServerUser())}/bin`, logs });
  const people = Math.round((seconds * loginsPerSecond) / 2);
  const world = await createWorld(
    {
      chance,
      logs,
      pooled: false,
      startServer,
      callbacks: 2,
      addMembers: (client, keys) => addPeople(client, keys, people),
    },
    parts,
  );
  // What member systems do to deliveries is `npm run chaos`; here only the keys change.
  world.memberSystems.calm();
  const verifiers = [world.keys.AUDIT_VERIFIER_KEYS];
  const steps = kindNames.flatMap((kind) => stepsOf(kind).map((step) => ({ kind, step })));
  const begun = performance.now();
  const logins = startSteadyLogins(world, chance, loginsPerSecond);
  for (const [at, { kind, step }] of steps.entries()) {
    const from = performance.now();
    await takeStep(world, logins, kind, step);
    const reasons = [...logins.reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    const failed = `${logins.failures.length} of ${logins.begun()} logins failed so far`;
    report(
      `${kind} ${step}: ${((performance.now() - from) / 1_000).toFixed(1)} s; ${failed}${reasons && ` (${reasons})`}`,
    );
    await pause(Math.max(0, begun + ((at + 1) * seconds * 1_000) / steps.length - performance.now()));
  }
  const took = Math.round((performance.now() - begun) / 1_000);
  await logins.stop();
  verifiers.push(world.keys.AUDIT_VERIFIER_KEYS);

  report('coming to rest');
  await world.admin('select worker.reconcile()');
  await settle(world, 60_000);
  const invariants = [
    ...(await checkAll(world, logins)),
    { what: 'every login was answered, and ended with tokens', looked: logins.begun(), broken: [...logins.failures] },
    await checkMatches(world, logins),
    await checkFilled(world),
    await checkAudit(world, verifiers),
  ];
  const figures = {
    'logins begun': logins.begun(),
    'of them handed over in the role of the callback': logins.acknowledged.size,
    'of them whole, over HTTP': logins.logins(),
    ...asFigures('got no answer', logins.reasons),
    'steps taken': steps.length,
    'program starts': [...world.callbacks, ...world.workers].reduce((sum, program) => sum + program.starts(), 0),
    'requests at member systems': world.memberSystems.requests(),
  };
  return { seed, seconds: took, figures, invariants };
}

/** A person's number finds the record that has it, under whichever index; and nobody who has none is taken for another. */
async function checkMatches(world: World, { acknowledged }: SteadyLogins): Promise<Invariant> {
  const missed = await world.admin<{ id: string }>(
    `select o.subject || ' ' || o.outcome as id from registry.observations as o
     where o.subject like 'turn-%' and (o.outcome not in ('confirmed', 'filled') or not exists (
       select from registry.members as m where m.id = o.member_id and m.organization_id = o.organization_id and m.external_id = o.subject))`,
  );
  return {
    what: 'every login found its own member, and agreed with the record',
    looked: acknowledged.size,
    broken: missed.map(({ id }) => id),
  };
}

async function checkFilled(world: World): Promise<Invariant> {
  const filled = await world.admin<{ id: string; delivered: number }>(
    `select m.external_id as id, (select count(*) from sync.pushes as p where p.member_id = m.id and p.state = 'delivered')::int as delivered
     from registry.observations as o join registry.members as m on m.id = o.member_id
     where o.outcome = 'filled' and o.subject like 'turn-%'`,
  );
  return {
    what: 'every number that was filled in was delivered once',
    looked: filled.length,
    broken: filled.filter(({ delivered }) => delivered !== 1).map(({ id }) => id),
  };
}

/** With the old public key and the new one, as an auditor has them. */
async function checkAudit({ urlFor }: World, keys: readonly string[]): Promise<Invariant> {
  const verifiers = [...new Set(keys.flatMap((each) => each.split(' ')))].flatMap((key) => parseVerifierKey(key) ?? []);
  const { findings, sealed } = await verifyTestAudit(urlFor('auditor_login'), { verifiers });
  return { what: 'the audit verifies', looked: sealed, broken: findings.map(({ says }) => says) };
}
