/** What a browser runs or shows itself; no app is behind them. */
const schemesOfBrowsers = [
  'about:',
  'blob:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'javascript:',
  'vbscript:',
  'ws:',
  'wss:',
];

/**
 * Whether a code may be sent to a registered address: https, or an app's own scheme (RFC 8252 section 7). Rows are written by people,
 * and an address with http would show the code to the network.
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
  return !schemesOfBrowsers.includes(url.protocol);
}
