/** Conversion of a setting's text to a value. */

/** The reason why a text is refused. The message continues the sentence "X must be …:" and never contains a secret. */
export class SettingFault extends Error {}

export interface Kind<T> {
  /** Continues the sentence "X must be". */
  expected: string
  /** `text` is not empty. Throws `SettingFault`. */
  parse(text: string): T
  /** White space at the ends is part of the text, as in secrets. For other kinds it is trimmed first. */
  keepsSpace?: true
}

const SHOWN_CHARACTERS_MAX = 60

/** A value as messages show it. Values that may contain a password or a key are hidden. */
export function shown(text: string): string {
  if (text === '') return 'the empty text'
  if (mayHoldSecret(text)) return 'the value'
  const short = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
  return `'${JSON.stringify(short).slice(1, -1).replaceAll('\\"', '"')}'`
}

export const mayHoldSecret = (text: string): boolean => /@|:\/\/|^(?:ck|whsec)_/.test(text)
