/**
 * Our redirect URI at a provider: one of its own for each organisation and provider, so that an answer of one can never be
 * taken for an answer of another (RFC 9700 section 4.4), and never derived from what a request says of its host.
 */
export function redirectUri(publicUrl: string, at: { organization: string; provider: string }): string {
  return `${publicUrl}/callback/${at.organization}/${at.provider}`;
}
