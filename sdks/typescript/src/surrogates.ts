/** Text that no bytes stand for: half of a surrogate pair would be written as U+FFFD, which nobody sent. */

/** Throws a `TypeError` that names `what`. */
export function checkSurrogates(text: string, what: string): void {
  const half = /\p{Surrogate}/u.exec(text)
  if (half)
    throw new TypeError(`${what} holds half of a surrogate pair at ${half.index}: it cannot be written as UTF-8.`)
}
