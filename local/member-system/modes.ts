/** How a member system behaves; everything but `ok` is a way of being broken. */
export const modes = [
  'ok',
  /** Breaks the connection without an answer. */
  'down',
  'error_500',
  /** Takes the request and never answers. */
  'hang',
  /** Makes the change and never answers: the sender cannot know. */
  'apply_then_hang',
  'reject_422',
  /** 429 with `Retry-After: 1`. */
  'too_many',
  /** 302 to a page that says so. */
  'maintenance',
] as const;

/** One of the modes above. */
export type Mode = (typeof modes)[number];

/** Whether a value from outside names a mode. */
export function isMode(value: unknown): value is Mode {
  return modes.some((mode) => mode === value);
}
