import { request } from 'node:http';

/** What a browser would tidy up before sending: path, headers and body go out as they are. */
export function rawRequest(
  base: string,
  options: { method?: string; path: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<{ status: number; location: string | undefined }> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, headers = {}, body } = options;
    const sending = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve({ status: response.statusCode ?? 0, location: response.headers.location });
      });
    });
    sending.on('error', reject).end(body);
  });
}
