/** Removes personal data from addresses and texts. */

const TELLING =
  /([?&#;][^=&#]*(?:pass|pwd|token|secret|mail|phone|card|cvc|cvv|iban|auth(?!or)|session)[^=&#]*=)[^&#]*/gi;

/** A URL without the values of parameters whose names suggest private data. */
export const cleanUrl = (url: string): string => url.replace(TELLING, "$1*").slice(0, 2000); // an address is ASCII

/** A text with e-mail addresses and long numbers replaced by *, on one line. */
export const cleanText = (text: string, longest: number): string =>
  cut(text.trim().replace(/\s+/g, " ").replace(/\S+@\S+|\d[\d -]{4,}\d/g, "*"), longest);

/** The beginning of a text; never half of a surrogate pair, which cannot be stored. */
export const cut = (text: string, longest: number): string => text.slice(0, longest).replace(/[\ud800-\udbff]$/, "");
