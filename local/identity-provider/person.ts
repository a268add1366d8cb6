/** How a person answers the question for the personnummer. */
export type NumberBehaviour =
  /** The number is in the answer. */
  | 'given'
  /** The person, or the agreement, does not grant the scope: the claim is missing. */
  | 'withheld'
  /** The claim is a JSON number, which has lost a leading zero if there was one. */
  | 'malformed';

/** A person who has an account at the provider. Invented. */
export type Person = {
  id: string;
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
};
