import type { Node } from 'libpg-query';

/** What a statement of a migration does, and what that means to people who log in meanwhile. */
export interface Effect {
  /** Such as `adds column`. */
  readonly verb: string;
  /** To what, such as `note to registry.members`; empty where there is nothing to name. */
  readonly object: string;
  /** A login waits while it runs, and until its transaction ends. */
  readonly locks: boolean;
  /** It reads or writes all rows of a table that may have many. */
  readonly slow: boolean;
  /** How the same is reached in steps that nobody waits for; only where it locks and is slow. */
  readonly instead?: string;
}

/** What is known of the database that a statement meets. */
export interface Surroundings {
  /** Tables that a login needs. */
  readonly loginTables: ReadonlySet<string>;
  /** Tables that the same upgrade has made: nobody uses them yet, and nothing is in them. */
  readonly newTables: Set<string>;
  /** `schema.table.column` of columns that a validated CHECK has found without nulls. */
  readonly withoutNulls: ReadonlySet<string>;
  /** Types with a check of their own. */
  readonly domains: ReadonlySet<string>;
}

/** Kinds of statement, as the parser calls them. */
export type Kind = Node extends infer Each ? (Each extends unknown ? keyof Each : never) : never;
/** The fields of a kind. */
export type Of<Name extends Kind> =
  Extract<Node, Record<Name, unknown>> extends Record<Name, infer Fields> ? Fields : never;

const nobody = (verb: string, object = ''): Effect => ({ verb, object, locks: false, slow: false });

/** Nobody waits for it, and it is done at once. */
export { nobody as unnoticed };

/** A lock that a login waits for, held for no longer than the transaction takes. */
export const briefly = (verb: string, object: string, locks = true): Effect => ({ verb, object, locks, slow: false });

/** It takes as long as there are rows, and where `locks`, logins wait for all of it. */
export const slowly = (verb: string, object: string, locks: boolean, instead: string): Effect => ({
  verb,
  object,
  locks,
  slow: true,
  ...(locks && { instead }),
});

/** `schema.name` of a table, index or view as a statement writes it. */
export function nameOf(relation: { schemaname?: string; relname?: string } | undefined): string {
  return [relation?.schemaname, relation?.relname].filter(Boolean).join('.');
}

/** Names in the parser's lists: `[schema, table, trigger]`. */
export function words(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** A login waits for whoever locks this table. */
export function isOfLogin(table: string, { loginTables, newTables }: Surroundings): boolean {
  return !newTables.has(table) && (loginTables.has(table) || table.startsWith('graphile_worker.'));
}
