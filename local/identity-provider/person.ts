import { createHash } from 'node:crypto';

/** The members' providers whose behaviour the local ones have. */
export const memberProviderNames = ['vipps', 'bankid', 'idporten'] as const;
export type MemberProviderName = (typeof memberProviderNames)[number];

/** All of them; `registry.provider` in the database. `staff` is where coordinators sign in. */
export const providerNames = [...memberProviderNames, 'staff'] as const;
export type ProviderName = (typeof providerNames)[number];

/** How a person answers the question for the personnummer. */
type NumberBehaviour =
  /** The number is in the answer. */
  | 'given'
  /** The person, or the agreement, does not grant the scope: the claim is missing. ID-porten's `no_pid` is the same. */
  | 'withheld'
  /** The claim is a JSON number, which has lost a leading zero if there was one. */
  | 'malformed';

/** A person who has an account at one of the providers. Invented. */
export type Person = {
  id: string;
  /** Where the account is. */
  provider: ProviderName;
  /** Slug of the organisation whose login page lists the person. */
  organization: string;
  /** What the login page says about the person, beside the name. */
  story: string;
  givenName: string;
  familyName: string;
  /** `YYYY-MM-DD`. */
  birthDate: string;
  /** E.164, with plus. */
  phone: string;
  email: string;
  emailVerified?: boolean;
  /** Synthetic. */
  personnummer: string;
  behaviour: NumberBehaviour;
  /** Cancels every login. Anybody can, with the page's second button; this is for scripts. */
  declines?: boolean;
  /** Says no when asked for consent, whichever button is pressed. The login is a success without the claim. */
  refusesConsent?: boolean;
  /** BankID, ID-porten: logs in with a weaker means than a level-4 one, whatever `acr_values` asks for. Staff: without a second factor. */
  weakLogin?: boolean;
  /** ID-porten: a foreign eID, which brings no `pid`. */
  foreignEid?: boolean;
  /** ID-porten: introspection says that the access token is not active. */
  inactiveToken?: boolean;
};

/** The `sub` of a person: a UUID of its own for each person and client, the same at every login. */
export function subjectAt(clientId: string, personId: string): string {
  const hex = createHash('sha256').update(`${clientId} ${personId}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
