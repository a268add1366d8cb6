import { renameSync, writeFileSync } from 'node:fs';
import type { ProviderName } from '../identity-provider/person.ts';
import type { LocalKeys } from '../keys.ts';
import type { LoginRole } from '../login-roles.ts';
import type { Outcome } from '../sample-data/case.ts';

/** What `.local/stack.json` says about a running stack. It is there when everything is ready, and gone when it stops. */
export type StackFile = {
  deployment: 'local';
  startedAt: string;
  /** By process: stack (which also serves the app), postgres, postgrest, callback, worker ... */
  pids: Record<string, number>;
  /** Their log files, by the same names. */
  logs: Record<string, string>;
  /** Where to click. */
  appUrl: string;
  callbackUrl: string;
  /** The coordinators' pages. */
  deskUrl: string;
  /** `Authorization: Bearer <this>` reads `/metrics` of the callback and of the desk. */
  metricsToken: string;
  postgrestUrl: string;
  /** Issuers of all local providers. */
  issuers: Record<ProviderName, string>;
  /** Where people take back their consent at the local Vipps: `POST` with the form field `person`. */
  withdrawalUrl: string;
  /** The sample organisations' configuration: change it, and run `npm run configure` with it. */
  configurationFile: string;
  /** A superuser's connection string. */
  databaseUrl: string;
  /** By login role; `auditor` is a person's login that has the role of that name. */
  databaseUrls: Record<Exclude<LoginRole, 'auditor_login'> | 'auditor', string>;
  organizations: {
    slug: string;
    /** `GET <this>/members/{external_id}` shows what the member system holds, `POST <this>/control` makes it misbehave. */
    memberSystemUrl: string;
    /** The organisation's side of the local invoice service: `GET <this>/control` shows what was issued, `POST` makes it misbehave. */
    invoiceServiceUrl: string;
    /** Access token of the organisation's sample coordinator. */
    coordinatorToken: string;
    /** Where the app wants a login to return to; registered for the organisation. */
    returnTo: string;
    /** Where Vipps tells that somebody has withdrawn consent. */
    webhookUrl: string;
  }[];
  /** Who can sign in with the local staff provider, by its form field `person`. */
  coordinators: { organization: string; name: string; email: string; person: string }[];
  /** Who can log in, and what the first login of each comes to. */
  persons: StackPerson[];
  /** Who is refused: the login does not verify, the app gets this error, and nothing is stored. */
  refusedPersons: (Omit<StackPerson, 'expected'> & { error: string })[];
  /** Made for this start; as environment variables of the two programs. */
  keys: LocalKeys;
  /** What the programs of each folder are started with, the secrets of their providers and member systems included. */
  environments: Record<
    | 'auth-callback'
    | 'worker'
    | 'members-import'
    | 'invoices'
    | 'coordinator-desk'
    | 'configuration'
    | 'audit-tools'
    | 'key-tools',
    Readonly<Record<string, string>>
  >;
};

/** Somebody who can log in. */
export type StackPerson = {
  id: string;
  organization: string;
  provider: ProviderName;
  expected: Outcome;
  /** What the person answers when asked whether the number may be stored. */
  consent: 'yes' | 'no';
};

/** Writes it so that a reader sees all of it or nothing. */
export function writeStackFile(path: string, content: StackFile): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
