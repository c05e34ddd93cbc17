/**
 * Numbers that a double cannot carry. A double represents the decimal that JavaScript writes for it, its shortest one; a number in a document that
 * is another decimal (`9007199254740993`, `1e400`) is kept by its digits where it is compared.
 */
import { compareDecimals, type Decimal, decimalOf, isWhole } from './decimal.ts'

/** Whether reading a JSON number as a double leaves its value as it is. */
export function survivesDouble(text: string): boolean {
  const read = Number(text)
  const written = String(read)
  if (written === text) return true
  return Number.isFinite(read) && compareDecimals(decimalOf(text), decimalOf(written)) === 0
}

/** Never equal to any double. It has no property of its own: code that takes it for an object finds it empty. */
export class ExactNumber {
  readonly #text: string
  readonly #decimal: Decimal
  readonly #identity: string

  /** `text`: a JSON number that does not survive double precision. */
  constructor(text: string) {
    this.#text = text
    this.#decimal = decimalOf(text)
    const { isNegative, digits, magnitude } = this.#decimal
    this.#identity = `${isNegative ? '-' : ''}${digits}E${magnitude}`
  }

  get decimal(): Decimal {
    return this.#decimal
  }
  /** Shared by all that are the same number, and by no text that JavaScript writes for a double. */
  get identity(): string {
    return this.#identity
  }
  get text(): string {
    return this.#text
  }
  /** The nearest double; infinite beyond the range of doubles. */
  get nearest(): number {
    return Number(this.#text)
  }
  get isInteger(): boolean {
    return isWhole(this.#decimal)
  }

  /** Below 0, 0 or above 0, as it is less, equal or more. */
  compareTo(other: number | ExactNumber): number {
    return compareDecimals(this.#decimal, other instanceof ExactNumber ? other.decimal : decimalOf(String(other)))
  }
}

/**
 * A value in which numbers are exact. `value`: what a document parses to; `quoted`: what the same document parses to with its inexact numbers in
 * quotes, so that both have the same shape. Changes and answers `quoted`.
 */
export function withExactNumbers(value: unknown, quoted: unknown): unknown {
  if (typeof value === 'number' && typeof quoted === 'string') return new ExactNumber(quoted)
  if (typeof value !== 'object' || value === null) return quoted
  const [members, replaced] = [value as Record<string, unknown>, quoted as Record<string, unknown>]
  for (const key in members) replaced[key] = withExactNumbers(members[key], replaced[key])
  return replaced
}
