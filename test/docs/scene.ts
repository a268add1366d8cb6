import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { ActingCallback, Login } from '../support/acting-callback.ts';
import type { Coordinator } from '../support/coordinator.ts';
import type { TestDatabase } from '../support/database.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

/** The roles of one database. */
export type Scene = { db: TestDatabase; callback: ActingCallback; coordinator: Coordinator; worker: pg.Pool };

export type Person = { given_name: string; family_name: string; birth_date: string; phone: string; email: string };

export const person = (nth: number): Person => ({
  given_name: `Given${String.fromCharCode(65 + nth)}`,
  family_name: `Family${String.fromCharCode(65 + nth)}`,
  birth_date: `19${50 + nth}-01-01`,
  phone: `+47000001${String(nth).padStart(2, '0')}`,
  email: `person${nth}@example.org`,
});
export const number = (nth: number) => sampleNumbers[nth] as string;

export const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** A member with a login of the same name and, if asked for, a number each. */
export async function meet(
  { db, callback }: Scene,
  nth: number,
  recorded?: string,
  brought?: string,
  login: Login = {},
) {
  const member = await addMember(db, callback.organization, {
    ...person(nth),
    ...(recorded === undefined ? {} : { personnummer: recorded }),
  });
  return { member, ...(await comeIn(callback, nth, brought, login)) };
}

export async function comeIn(callback: ActingCallback, nth: number, brought?: string, login: Login = {}) {
  const number_ = brought === undefined ? { absent_reason: 'not_given' } : { personnummer: brought };
  return callback.login({ ...person(nth), subject: `person ${nth}`, ...number_, ...login });
}
