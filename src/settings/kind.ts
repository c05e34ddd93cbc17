/** How a text of the environment becomes a value. */

/** Why a text is refused. The message continues the sentence "X must be …:" and never holds a secret. */
export class SettingFault extends Error {}

export interface Kind<T> {
  /** Continues the sentence "X must be". */
  expected: string
  /** `text` is not empty. Throws `SettingFault`. */
  parse(text: string): T
  /** White space at the ends is part of the text: secrets. Elsewhere it is cut off first. */
  keepsSpace?: true
}

const SHOWN_CHARACTERS_MAX = 60

/** A value as messages show it. What may hold a password or a key is left out. */
export function shown(text: string): string {
  if (text === '') return 'the empty text'
  if (mayHoldSecret(text)) return 'the value'
  const short = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
  return `'${JSON.stringify(short).slice(1, -1).replaceAll('\\"', '"')}'`
}

export const mayHoldSecret = (text: string): boolean => /@|:\/\/|^(?:ck|whsec)_/.test(text)
