import type { InvoiceRecipient } from '../invoice-service/recipients.ts';
import { allSampleCases } from './persons.ts';

/** In whose name a sample organisation's invoices are issued. The numbers are made up and hold by their control digits. */
export type SampleIssuer = {
  organization: string;
  organizationNumber: string;
  accountNumber: string;
  clientId: string;
  /** The variable that holds the client's secret, as the row in `billing.issuers` names it. */
  secretVariable: string;
  /** The two shapes of the interface that are known. */
  shape: 'v1' | 'v2';
};

export const sampleIssuers: readonly SampleIssuer[] = [
  issuer('nhf', '999999999', '99990000022', 'v2'),
  issuer('blindeforbundet', '999999980', '99990000030', 'v2'),
  issuer('hlf', '999999972', '99990000049', 'v1'),
];

function issuer(organization: string, organizationNumber: string, accountNumber: string, shape: 'v1' | 'v2') {
  const secretVariable = `INVOICE_${organization.toUpperCase().replaceAll('-', '_')}_SECRET`;
  const clientId = `${organization}-invoices`;
  return { organization, organizationNumber, accountNumber, clientId, secretVariable, shape };
}

/**
 * Whom the local invoice service knows of an organisation: its sample people. Every fifth has not consented; every seventh has given and
 * family name swapped there.
 */
export function sampleRecipients(organization: string): InvoiceRecipient[] {
  return allSampleCases
    .filter(({ person }) => person.organization === organization)
    .map(({ person }, at) => {
      const { personnummer, givenName, familyName, birthDate, phone, email } = person;
      const [firstName, lastName] = at % 7 === 6 ? [familyName, givenName] : [givenName, familyName];
      return {
        ...(personnummer !== undefined && { number: personnummer }),
        ...(phone !== undefined && { msisdn: phone.replace('+', '') }),
        ...(email !== undefined && { email }),
        ...(firstName !== undefined && { firstName }),
        ...(lastName !== undefined && { lastName }),
        ...(birthDate !== undefined && { dateOfBirth: birthDate }),
        consent: at % 5 !== 4,
      };
    });
}
