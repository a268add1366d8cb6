/**
 * By what the recipient of an invoice is looked up: the number where there is one, else contact data (Vipps eFaktura ISP API v2, issue-token).
 * Too little data makes no request at all.
 */
import type { Issuer } from './issuer.ts';

/** What is recorded of the one member who is invoiced. */
export interface Recipient {
  readonly given_name: string | null;
  readonly family_name: string | null;
  /** E.164, with plus. */
  readonly phone: string | null;
  readonly email: string | null;
  /** yyyy-mm-dd */
  readonly birth_date: string | null;
}

/** One request for an issue-token. */
export interface LookUp {
  readonly by: 'number' | 'contact_data';
  /** Under the issuer's base address. */
  readonly path: string;
  /** The JSON body; the only place where a number or contact data stand. */
  readonly body: Readonly<Record<string, string>>;
}

/**
 * The requests to be made, in their order: each only where the one before found nobody. None where too little is recorded.
 *
 * @param number the personnummer in clear; null where there is none
 */
export function lookUpsFor(issuer: Issuer, recipient: Recipient, number: string | null): LookUp[] {
  if (number !== null) return [byNumber(issuer, number)];
  // The first interface knows no other data than a phone number, and a phone number alone is never enough.
  return issuer.interface === 'v1' ? [] : byContactData(issuer, recipient);
}

function byNumber(issuer: Issuer, number: string): LookUp {
  if (issuer.interface === 'v1')
    return { by: 'number', path: '/recipients/tokens', body: { type: 'nin-no', value: number } };
  const body = {
    recipientIdentifierType: 'NorwegianNIN',
    recipientIdentifierValue: number,
    ...issuerIdentifier(issuer),
  };
  return { by: 'number', path: '/v2/recipients/token/unique', body };
}

function byContactData(issuer: Issuer, recipient: Recipient): LookUp[] {
  const strong = withoutNulls({ msisdn: msisdnOf(recipient.phone), email: emailOf(recipient.email) });
  const names = withoutNulls({ firstName: nameOf(recipient.given_name), lastName: nameOf(recipient.family_name) });
  const vague = { ...withoutNulls({ dateOfBirth: recipient.birth_date }), ...names };
  const strongs = Object.keys(strong).length;
  if (strongs < 2 && !(strongs === 1 && Object.keys(vague).length > 0)) return [];
  const data = { ...issuerIdentifier(issuer), ...strong, ...vague };
  const first: LookUp = { by: 'contact_data', path: '/v2/recipients/token/recipient-data', body: data };
  const { firstName, lastName } = names;
  if (firstName === undefined || lastName === undefined || firstName === lastName) return [first];
  // Given and family name are sometimes swapped where they are kept: both orders are tried, once.
  return [first, { ...first, body: { ...data, firstName: lastName, lastName: firstName } }];
}

const issuerIdentifier = ({ organizationNumber }: Issuer) => ({
  issuerIdentifierType: 'NorwegianOrganizationNumber',
  issuerIdentifierValue: organizationNumber,
});

/** Country code first, no plus; ten digits at least. */
function msisdnOf(phone: string | null): string | null {
  return phone !== null && /^\+\d{10,15}$/.test(phone) ? phone.slice(1) : null;
}

function emailOf(email: string | null): string | null {
  return email?.includes('@') ? email : null;
}

// The pattern of the interface: letters, digits, spaces and punctuation, and no wildcard at the end.
const usableName = /^[\p{L}\p{Mn}\p{Nd}\p{Pc}\s\p{P}]{1,50}(?<!\*)$/u;

function nameOf(name: string | null): string | null {
  const text = name?.trim() ?? '';
  return usableName.test(text) ? text : null;
}

function withoutNulls<Name extends string>(values: Record<Name, string | null>): { [name in Name]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as {
    [name in Name]?: string;
  };
}
