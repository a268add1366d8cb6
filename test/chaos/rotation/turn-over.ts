import { type KindName, kinds } from '../../../key-tools/kinds.ts';
import { stepNames } from '../../../key-tools/rotation.ts';
import { runRotate } from '../../../key-tools/run-rotate.ts';
import type { LocalKeys } from '../../../local/keys.ts';
import { until } from '../../support/until.ts';
import type { AnyWorld } from '../world.ts';
import type { SteadyLogins } from './steady-logins.ts';

type Variable = keyof LocalKeys;

const readByCallbacks: readonly Variable[] = [
  'PERSONNUMMER_SEALING_KEYS',
  'PERSONNUMMER_INDEX_SECRETS',
  'ACCESS_TOKEN_KEYS',
  'TRANSACTION_SECRETS',
];
const readByWorkers: readonly Variable[] = [
  'PERSONNUMMER_UNSEALING_KEYS',
  'PERSONNUMMER_INDEX_SECRETS',
  'AUDIT_SEALING_KEY',
];

/** Longer than any step has to wait for: what expires in the meantime is not looked at here. */
const LATER_MS = 2 * 60 * 60 * 1_000;

/** The steps that this kind of key has, in their order. */
export function stepsOf(kind: KindName): (keyof (typeof kinds)[KindName]['steps'])[] {
  return stepNames.filter((step) => kinds[kind].steps[step] !== null);
}

/** Takes one step as an operator does: the command, its variables, and the programs restarted one after the other in the order that the step says. */
export async function takeStep(
  world: AnyWorld,
  logins: SteadyLogins,
  kind: KindName,
  step: ReturnType<typeof stepsOf>[number],
): Promise<void> {
  const printed = await askForVariables(world, kind, step);
  Object.assign(world.keys, printed);
  const restartCallbacks = async () => {
    for (const nth of world.callbacks.keys()) await restartCallback(world, nth, pick(printed, readByCallbacks));
    logins.takeUpKeys();
  };
  const restartWorkers = async () => {
    const variables = pick(printed, readByWorkers);
    if (Object.keys(variables).length === 0) return;
    for (const worker of world.workers) await worker.restart(variables);
  };
  const order = step === 'know' ? [restartWorkers, restartCallbacks] : [restartCallbacks, restartWorkers];
  for (const restart of order) await restart();
}

/** The command refuses until it may: while numbers are made anew, or before a checkpoint has the new signature. */
async function askForVariables(world: AnyWorld, kind: KindName, step: string): Promise<Partial<LocalKeys>> {
  let explained = '';
  const attempt = async () => {
    const printed: Record<string, string> = {};
    const set = (variable: string, value: string) => {
      printed[variable] = value;
    };
    const explain = (text: string) => {
      explained = text;
    };
    const environment = {
      DEPLOYMENT: 'local',
      DATABASE_URL: world.ownerUrl,
      PUBLIC_URL: world.callbackUrl,
      ...world.keys,
    };
    const words = [kind, step, ...(step === 'know' || step === 'renew' ? [] : ['--since', new Date().toISOString()])];
    const now = () => new Date(Date.now() + LATER_MS);
    return (await runRotate(words, environment, { say: () => undefined, set, explain }, now)) === 0
      ? printed
      : undefined;
  };
  return await until(`${kind} ${step}`, attempt, 120_000, 500).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${explained}`);
  });
}

/** New connections go to the others until it is back. */
async function restartCallback(world: AnyWorld, nth: number, variables: Partial<LocalKeys>): Promise<void> {
  if (Object.keys(variables).length === 0) return;
  world.callbackEntrance.lead(...world.callbackPorts.filter((_, at) => at !== nth));
  await world.callbacks[nth]?.restart(variables);
  world.callbackEntrance.lead(...world.callbackPorts);
}

function pick(variables: Partial<LocalKeys>, names: readonly Variable[]): Partial<LocalKeys> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => names.includes(name as Variable)));
}
