import type { Configuration } from 'oidc-provider';
import type { LocalClient } from './client.ts';
import type { Person, ProviderName } from './person.ts';

/** Where a claim is going. */
export type ClaimsUse = 'id_token' | 'userinfo' | 'introspection';

/** What one provider does in its own way; all the rest is in `create-provider.ts`. */
export type Ways = {
  provider: ProviderName;
  /** Name for people. */
  title: string;
  /** What follows the origin in the issuer; Vipps' ends with a slash, the others' do not. */
  issuerPath: string;
  signatureAlgorithm: 'RS256' | 'ES256';
  /** Where the endpoints are, below the origin. */
  routes: NonNullable<Configuration['routes']>;
  /** Scopes with the claims that each brings. */
  claimsByScope: Record<string, string[]>;
  acrValues: string[];
  clientAuthMethods: NonNullable<Configuration['clientAuthMethods']>;
  /** PKCE, `state` and `nonce` are refused when missing. */
  strict: boolean;
  /** Personal data stand in the ID token too, not only in userinfo. */
  claimsInIdToken: boolean;
  /** What is offered beside the code flow: RFC 7662, RFC 7009, RFC 9126. */
  offers: { introspection: boolean; revocation: boolean; pushedRequests: boolean };
  /** Lifetimes in seconds. */
  ttl: { AccessToken: number; IdToken: number; PushedAuthorizationRequest: number };
  /** Further entries of the metadata. */
  metadata?: (issuer: string) => Record<string, string>;
  /** What the person tells, as far as it belongs in that place; which of it is given out is decided by scope. */
  claimsOf(person: Person, to: { use: ClaimsUse; scopes: string[]; client: LocalClient }): Record<string, unknown>;
  /** Whether the person, or the agreement, grants a scope. */
  grants(person: Person, scope: string): boolean;
  /** Scopes that are asked for on a page of their own, after the login. */
  consentScopes: string[];
  /** How the person proved who they are. */
  authentication(person: Person): { acr?: string; amr?: string[] };
  /** `error_description` when the person cancels. */
  cancelled: string;
};
