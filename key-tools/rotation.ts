import { KeyError } from './errors.ts';
import type { Kind, NamedKey } from './kinds.ts';

export const stepNames = ['know', 'use', 'renew', 'finish'] as const;
export type StepName = (typeof stepNames)[number];

/** Where a rotation stands, told by the keys of the variable. */
export type Stand =
  | { at: 'one'; current: NamedKey }
  /** The new one stands last: everybody knows it, or is about to. */
  | { at: 'known'; old: NamedKey; next: NamedKey }
  /** The new one stands first. */
  | { at: 'used'; old: NamedKey; next: NamedKey };

/** @throws {KeyError} `rotation_under_way` where there are more than two */
export function standOf(kind: Kind, keys: readonly NamedKey[]): Stand {
  const [first, second, third] = keys as readonly [NamedKey, ...NamedKey[]];
  if (third !== undefined) {
    throw new KeyError(
      'rotation_under_way',
      `${kind.variable} holds more than two keys: finish one rotation after the other`,
    );
  }
  if (second === undefined) return { at: 'one', current: first };
  return kind.steps.use !== null && kind.isNewer(first, second) === true
    ? { at: 'used', old: second, next: first }
    : { at: 'known', old: first, next: second };
}

/**
 * The keys after the next step, those of the order in which the variable is to hold them.
 *
 * @param since when the last program with the variable of the step before was restarted; null: not said
 * @throws {KeyError} where it is not that step's turn, or too early
 */
export function nextKeys(
  kind: Kind,
  keys: readonly NamedKey[],
  step: 'know' | 'use' | 'finish',
  { since, now }: { since: Date | null; now: Date },
): NamedKey[] {
  const stand = standOf(kind, keys);
  if (step === 'know') {
    if (stand.at !== 'one') {
      throw new KeyError(
        'rotation_under_way',
        `${kind.variable} holds two keys already: go on with "${stand.at === 'known' && kind.steps.use !== null ? 'use' : 'finish'}"`,
      );
    }
    return [stand.current, kind.create(keys, undefined)];
  }
  if (stand.at === 'one')
    throw new KeyError('rotation_not_begun', `${kind.variable} holds one key only: begin with "know"`);
  if (step === 'use') {
    if (kind.steps.use === null) throw new KeyError('key_in_use_already', 'both keys sign: go on with "finish"');
    if (stand.at === 'used')
      throw new KeyError('key_in_use_already', 'the new key stands first already: go on with "finish"');
  } else if (stand.at === 'known' && kind.steps.use !== null) {
    throw new KeyError('key_still_needed', `${stand.old.name} stands first and is in use: "use" comes before "finish"`);
  }
  refuseTooEarly(kind.minutes[step], since, now);
  return step === 'use' ? [stand.next, stand.old] : [stand.next];
}

function refuseTooEarly(minutes: number, since: Date | null, now: Date): void {
  if (minutes === 0) return;
  if (since === null) {
    throw new KeyError(
      'too_early',
      `this step comes ${minutes} minutes after the last program was restarted with the step before: say when, with --since TIME`,
    );
  }
  const from = new Date(since.getTime() + minutes * 60_000);
  if (now < from)
    throw new KeyError('too_early', `not before ${from.toISOString()}: ${minutes} minutes after the last restart`);
}
