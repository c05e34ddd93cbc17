/**
 * `JSON.parse` with correct keys. V8 (13.6 to 14.6 at least, nodejs/node#63785) may confuse an escaped key with another
 * key that it has seen before: after a document with the key `a\`, it reads `"a\u0041"` as `a\` too. One organization's
 * payload could so change how another's is validated. Keys without an escape are safe; a document with an escaped key
 * is parsed here.
 */

/** The value of a text that is valid JSON. Throws SyntaxError like `JSON.parse`. */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return hasEscapedKey(text) ? new Reader(text).value() : value
}

/** Whether a key of some object contains a backslash. The text is valid JSON. */
export function hasEscapedKey(text: string): boolean {
  let backslash = text.indexOf('\\')
  for (let at = 0; backslash >= 0; ) {
    const open = text.indexOf('"', at)
    const close = closingQuote(text, open + 1)
    if (backslash < close) {
      if (text.charCodeAt(skipSpace(text, close + 1)) === COLON) return true
      backslash = text.indexOf('\\', close)
    }
    at = close + 1
  }
  return false
}

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * The next unescaped quote at or after `from`. Each backslash is read once, so a string of backslashes costs linear
 * time.
 */
export function closingQuote(text: string, from: number): number {
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let slashes = quote
    while (slashes > at && text.charCodeAt(slashes - 1) === BACKSLASH) slashes--
    if ((quote - slashes) % 2 === 0) return quote
    at = quote + 1
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (
    let unit = text.charCodeAt(at);
    unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
    unit = text.charCodeAt(++at)
  );
  return at
}

/** Parses valid JSON in one pass with a stack of its own: nesting is not bounded here. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    const open: Array<unknown[] | Record<string, unknown>> = []
    const keys: string[] = []
    for (;;) {
      let value: unknown
      const unit = this.#next()
      if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
        this.#at++
        const container = unit === OPEN_ARRAY ? [] : {}
        if (this.#next() !== (unit === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT)) {
          open.push(container)
          keys.push(unit === OPEN_ARRAY ? '' : this.#key())
          continue
        }
        this.#at++
        value = container
      } else value = JSON.parse(this.#scalar(unit))

      for (;;) {
        const container = open.at(-1)
        if (container === undefined) return value
        if (Array.isArray(container)) container.push(value)
        else setOwn(container, keys.at(-1)!, value)
        const separator = this.#next()
        this.#at++
        if (separator === COMMA) {
          if (!Array.isArray(container)) keys[keys.length - 1] = this.#key()
          break
        }
        value = container
        open.pop()
        keys.pop()
      }
    }
  }

  #next(): number {
    this.#at = skipSpace(this.#text, this.#at)
    return this.#text.charCodeAt(this.#at)
  }

  /** The key, with the colon consumed. */
  #key(): string {
    const key = JSON.parse(this.#scalar(this.#next())) as string
    this.#next()
    this.#at++
    return key
  }

  /** A string with its quotes, a number or a literal. */
  #scalar(first: number): string {
    const start = this.#at
    if (first === QUOTE) this.#at = closingQuote(this.#text, start + 1) + 1
    else while (isInScalar(this.#text.charCodeAt(this.#at))) this.#at++
    return this.#text.slice(start, this.#at)
  }
}

/** Letters, digits, `+`, `-` and `.`: the characters of numbers and literals. */
const isInScalar = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x30 && unit <= 0x39) ||
  unit === 0x2b ||
  unit === 0x2d ||
  unit === 0x2e ||
  unit === 0x45

/** `__proto__` is plain data. The last value of a duplicate key wins. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}
