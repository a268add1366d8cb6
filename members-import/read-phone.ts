import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * Reads a phone number as people write it. Without a country code it gets the organisation's, also where the code is there and
 * only its plus is missing; `00` is a plus.
 *
 * @param callingCode the organisation's country code, such as `47`
 * @returns E.164 with plus; undefined for what is no number of that country, or has an impossible length for another one: their
 *   numbering plans change without us hearing of it, so only the length is held against them
 */
export function readPhone(text: string, callingCode: string): string | undefined {
  const international = text.replace(/^\s*\(([+0-9]+)\)/, '$1 ').replace(/^\s*00/, '+');
  // The zero that only callers within a country dial. Where it is part of the number (Italy), the first reading has it.
  const readings = [international, international.replace(/(?<=^\s*\+.*)\(0\)/, '')];
  return readings.map((reading) => parse(reading, callingCode)).find((phone) => phone !== undefined);
}

function parse(text: string, callingCode: string): string | undefined {
  const phone = parsePhoneNumberFromString(text, { defaultCallingCode: callingCode, extract: false });
  // An extension has no place in E.164, and without it the number is somebody else's.
  if (phone === undefined || phone.ext !== undefined) return undefined;
  const isUsable = phone.countryCallingCode === callingCode ? phone.isValid() : phone.isPossible();
  return isUsable ? phone.number : undefined;
}

/** Whether there is a country with this code. */
export function isCallingCode(code: string): boolean {
  return getCountries().some((country) => getCountryCallingCode(country) === code);
}
