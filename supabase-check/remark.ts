/** One sentence of the check: a fault says what to do; a note is worth knowing, and nothing can or need be done. Never a secret. */
export interface Remark {
  readonly kind: 'fine' | 'note' | 'fault';
  readonly text: string;
}

export const fine = (text: string): Remark => ({ kind: 'fine', text });
export const note = (text: string): Remark => ({ kind: 'note', text });
export const fault = (text: string): Remark => ({ kind: 'fault', text });

/** The faults, or that there are none. */
export function faultsOr(faults: readonly string[], otherwise: string): Remark[] {
  return faults.length === 0 ? [fine(otherwise)] : faults.map(fault);
}
