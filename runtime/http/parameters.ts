/** The parameters of a request, each at most once. */
export interface Parameters {
  /** Those that were sent exactly once, by their names. */
  once: Readonly<Record<string, string | undefined>>;
  /** Whether any parameter, known to us or not, was sent more than once (RFC 6749 section 3.1: MUST NOT). */
  duplicated: boolean;
}

/** @param sent a query string or a form body, decoded */
export function readParameters(sent: URLSearchParams): Parameters {
  // Without a prototype: a parameter called `constructor` is one like any other.
  const once: Record<string, string> = Object.create(null);
  const twice = new Set<string>();
  for (const [name, value] of sent) {
    if (name in once) twice.add(name);
    else once[name] = value;
  }
  for (const name of twice) delete once[name];
  return { once, duplicated: twice.size > 0 };
}
