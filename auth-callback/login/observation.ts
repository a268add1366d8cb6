import type { ContactClaims } from '../claims/contact-claims.ts';
import type { NumberEvidence } from '../claims/number-evidence.ts';

/** One completed login, as it is handed to the database: verified facts, and nothing of the number in clear. */
export interface Observation {
  /** The id of the login's transaction, so that a repeated call changes nothing. */
  id: string;
  organization: string;
  provider: string;
  issuer: string;
  subject: string;
  authenticatedAt: Date;
  /** By the provider's clock. */
  issuedAt: Date | undefined;
  acr: string | undefined;
  /** The session of the member who asked for this login to be linked. */
  linkSessionId: string | undefined;
  evidence: NumberEvidence;
  /** A source that was asked did not answer: it could have named the member. */
  evidenceMissing: boolean;
  contact: ContactClaims;
}
