/** The parameters of a request, each at most once. */
export interface Parameters {
  /** The value of a parameter that was sent exactly once. */
  get(name: string): string | undefined;
  /** Whether any parameter, known to us or not, was sent more than once (RFC 6749 section 3.1: MUST NOT). */
  readonly duplicated: boolean;
}

/** @param sent a query string or a form body, decoded */
export function readParameters(sent: URLSearchParams): Parameters {
  const once = new Map<string, string>();
  const twice = new Set<string>();
  for (const [name, value] of sent) {
    if (once.has(name)) twice.add(name);
    else once.set(name, value);
  }
  return {
    get: (name) => (twice.has(name) ? undefined : once.get(name)),
    duplicated: twice.size > 0,
  };
}
