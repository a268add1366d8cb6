/** Where a page of a list begins: behind this row, in the list's own order. */
export interface RowPlace {
  /** ISO 8601. */
  time: string;
  id: string;
}

/** Of `?after=time,id`; anything else begins at the beginning. */
export function readPlace(after: string | undefined): RowPlace | undefined {
  const [time = '', id = ''] = after?.split(',') ?? [];
  return /^[0-9T:.+Z-]{10,40}$/.test(time) && !Number.isNaN(Date.parse(time)) && /^[0-9a-f-]{36}$/.test(id)
    ? { time, id }
    : undefined;
}

/** PostgREST's filter for what comes after a place, the newest first. */
export function olderThan(column: string, id: string, place: RowPlace): string {
  return behind('lt', column, id, place);
}

/** The same, the oldest first. */
export function newerThan(column: string, id: string, place: RowPlace): string {
  return behind('gt', column, id, place);
}

function behind(than: 'lt' | 'gt', column: string, id: string, place: RowPlace): string {
  return `${column}.${than}."${place.time}",and(${column}.eq."${place.time}",${id}.${than}.${place.id})`;
}
