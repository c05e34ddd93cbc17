/** Detects text without UTF-8 bytes: half of a surrogate pair would silently be written as U+FFFD. */

/** Throws a `TypeError` that names `what`. */
export function checkSurrogates(text: string, what: string): void {
  const half = /\p{Surrogate}/u.exec(text)
  if (half)
    throw new TypeError(`${what} holds half of a surrogate pair at ${half.index}: it cannot be written as UTF-8.`)
}
