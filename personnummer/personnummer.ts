import { inspect } from 'node:util';
import { PersonnummerError } from './errors.ts';

/**
 * A number that passed the checks of `readPersonnummer`, or came out of a sealed value. Printing it in whatever way
 * shows the masked form; the digits come out only where the code says `reveal()`.
 */
export class Personnummer {
  readonly #digits: string;

  /**
   * For `validate.ts` and `unseal.ts`; everybody else gets one from them.
   *
   * @param digits eleven ASCII digits
   * @throws {PersonnummerError} `personnummer_malformed`
   */
  constructor(digits: string) {
    if (!/^[0-9]{11}$/.test(digits)) throw new PersonnummerError('personnummer_malformed');
    this.#digits = digits;
  }

  /** The eleven digits in clear: for sealing, for the index, and for the request to the member system. */
  reveal(): string {
    return this.#digits;
  }

  /** The date digits as written (marks included) and five stars. */
  masked(): string {
    return `${this.#digits.slice(0, 6)}*****`;
  }

  toString(): string {
    return this.masked();
  }

  toJSON(): string {
    return this.masked();
  }

  [Symbol.toPrimitive](): string {
    return this.masked();
  }

  [inspect.custom](): string {
    return `Personnummer ${this.masked()}`;
  }
}
