const removed = '[removed]';

// A UUID is matched first, so that its digits are not taken for a number. Letters may touch the digits ("nin0181...").
const numberOrUuid =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9])[0-9]{6}[\s-]?[0-9]{5}(?![0-9])/gi;
const uuidLength = 36;

/** @returns what looks like a personnummer in a text, as `scrubText` finds it: eleven digits each */
export function elevenDigitsIn(text: string): string[] {
  const found = text.match(numberOrUuid) ?? [];
  return found.filter((each) => each.length !== uuidLength).map((each) => each.replaceAll(/[^0-9]/g, ''));
}

/** Replaces what looks like a personnummer: eleven digits standing alone, also with a space or hyphen after the sixth. */
export function scrubText(text: string): string {
  return text.replace(numberOrUuid, (found) => (found.length === uuidLength ? found : removed));
}

/**
 * The last resort for a line of JSON on its way out: keys, strings and numbers alike. The line stays valid JSON.
 *
 * @param line one JSON object and a line feed
 */
export function scrubLine(line: string): string {
  // Most lines hold nothing, and looking is much cheaper than parsing.
  if (scrubText(line) === line) return line;
  try {
    return `${JSON.stringify(scrubValue(JSON.parse(line)))}\n`;
  } catch {
    return scrubText(line);
  }
}

function scrubValue(value: unknown): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'number') return Number.isInteger(value) && scrubText(`${value}`) === removed ? removed : value;
  if (Array.isArray(value)) return value.map(scrubValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [scrubText(key), scrubValue(each)]));
}
