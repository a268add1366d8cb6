import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

const titles: Record<number, string> = {
  404: 'Siden finnes ikke / Page not found',
  429: 'For mange forsøk / Too many attempts',
  503: 'Midlertidig utilgjengelig / Temporarily unavailable',
};
const otherTitle = 'Innloggingen kunne ikke fullføres / The login could not be completed';

/**
 * The page for those cases in which nothing vouches for where the browser should be sent. It says what the person can do,
 * and an id that leads to the log lines; nothing that came with the request is repeated.
 *
 * @param requestId opaque, made here
 */
export function plainPage(c: Context, status: ContentfulStatusCode, requestId: string): Response {
  const title = titles[status] ?? otherTitle;
  return c.html(
    `<!doctype html>
<html lang="no">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body>
<h1>${title}</h1>
<p>Gå tilbake til appen og prøv igjen.</p>
<p lang="en">Please go back to the app and try again.</p>
<p><small>${requestId}</small></p>
</body>
</html>
`,
    status,
  );
}
