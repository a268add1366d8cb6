/** More digits than any name of a column has; as many as a personnummer has. */
const mostDigits = 10;
const longest = 60;

/**
 * A name out of a file, for the terminal. What is called a header may be a row: a name that could hold a number is not shown.
 *
 * @returns without control characters; undefined where it must not be printed
 */
export function printable(name: string): string | undefined {
  if ((name.match(/\p{Nd}/gu)?.length ?? 0) > mostDigits) return undefined;
  const text = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}
