/**
 * Follows a JSON pointer (RFC 6901) into a value.
 *
 * @param pointer e.g. `/person/personnummer`; the empty one is the value itself
 * @returns what stands there; undefined where the path leads nowhere
 */
export function readPointer(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null) return undefined;
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  }, value);
}
