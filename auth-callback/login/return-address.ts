/**
 * An app's own scheme: a domain of its publisher, written backwards (RFC 8252 section 7.1). A scheme of one word belongs to nobody:
 * browsers and systems run or show what is behind some of them (`view-source:`, `intent:`, `ms-settings:`), and any app may take any.
 */
const ownScheme = /^[a-z]{2,}(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+:$/;

/**
 * Whether a code may be sent to a registered address: https, or an app's own scheme. Rows are written by people, and an address with
 * http would show the code to the network.
 *
 * @param allowsPlainHttp true in a local deployment only
 */
export function isReturnAddress(address: string, allowsPlainHttp: boolean): boolean {
  const url = URL.parse(address);
  // A fragment is not allowed (RFC 6749 section 3.1.2), and what is put behind it would never arrive.
  if (url === null || /[\s#]/.test(address) || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    return address.startsWith(`${url.protocol}//`) && (url.protocol === 'https:' || allowsPlainHttp);
  }
  return ownScheme.test(url.protocol);
}
