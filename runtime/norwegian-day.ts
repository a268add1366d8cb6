/** A day in Norway. @param ahead days from today @returns yyyy-mm-dd */
export function norwegianDay(ahead = 0): string {
  return new Date(Date.now() + ahead * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Europe/Oslo' });
}
