import { unescapeHtml } from './html-page.ts';

type Cookie = { value: string; path: string };

/** What a browser without scripts does with one site: keeps cookies, follows redirects by hand, sends forms. */
export type Browser = {
  get(url: string): Promise<Response>;
  /** Sends a form, as `application/x-www-form-urlencoded`. */
  post(url: string, form: Record<string, string>): Promise<Response>;
  /**
   * Follows redirects until there is an answer that is none, or until one leads to an address the caller wants to have
   * itself, such as the app's; that one is not requested.
   */
  follow(response: Response, leadsHome: (url: URL) => boolean): Promise<{ home: URL } | { page: Response }>;
};

const MOST_REDIRECTS = 20;

/** A fresh browser: no cookies. For scripted logins on this machine; all hosts share one jar. */
export function openBrowser(): Browser {
  const jar = new Map<string, Cookie>();

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    const cookies = [...jar]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`);
    const headers = new Headers(init.headers);
    if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(20_000) });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  }

  const browser: Browser = {
    get: (url) => request(url),
    post: (url, form) => request(url, { method: 'POST', body: new URLSearchParams(form) }),
    async follow(response, leadsHome) {
      let current = response;
      for (let hops = 0; hops < MOST_REDIRECTS; hops += 1) {
        const location = current.headers.get('location');
        if (location === null) return { page: current };
        const next = new URL(location, current.url);
        if (leadsHome(next)) return { home: next };
        current = await request(next.href);
      }
      throw new Error(`more than ${MOST_REDIRECTS} redirects`);
    },
  };
  return browser;
}

/** RFC 6265 section 5.2, as far as this stack needs it. */
function keep(jar: Map<string, Cookie>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const name = pair.slice(0, pair.indexOf('='));
  const read = (wanted: string) =>
    attributes.find((each) => each.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
  const expires = read('expires');
  const over = Number(read('max-age') ?? 1) <= 0 || (expires !== undefined && Date.parse(expires) <= Date.now());
  if (over) jar.delete(name);
  else jar.set(name, { value: pair.slice(name.length + 1), path: read('path') ?? '/' });
}

/** The form of a page, as far as a person without a pointer can see it. */
export type PageForm = {
  action: URL;
  /** Fields and what they hold before anybody touches them; of several buttons, the first. */
  fields: Record<string, string>;
};

/** Finds the first form of a page. @returns undefined where there is none */
export function readPageForm(html: string, pageUrl: string): PageForm | undefined {
  const [, opening = '', content = ''] = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(html) ?? [];
  if (content === '') return undefined;
  const fields: Record<string, string> = {};
  for (const [, tag = '', attributes = ''] of content.matchAll(/<(input|button)\b([^>]*)>/g)) {
    const { name, value = '', type } = readAttributes(attributes);
    if (name === undefined) continue;
    const isChoice = tag === 'button' || type === 'radio';
    if (!(isChoice && name in fields)) fields[name] = value;
  }
  return { action: new URL(readAttributes(opening).action ?? '', pageUrl), fields };
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z-]+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescapeHtml(value)]));
}
