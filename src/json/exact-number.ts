/**
 * Numbers that a double cannot represent. A double represents the shortest decimal that reads back as it; any other
 * decimal in a document (`9007199254740993`, `1e400`) keeps its digits for comparisons.
 */
import { compareDecimals, type Decimal, decimalOf, isWhole } from './decimal.ts'

/** The declarations of TypeScript do not have it yet. */
const RAW_JSON = JSON as unknown as { rawJSON(text: string): unknown }

/** Whether a JSON number keeps its value when it is read as a double. */
export function survivesDouble(text: string): boolean {
  const read = Number(text)
  const written = String(read)
  if (written === text) return true
  return Number.isFinite(read) && compareDecimals(decimalOf(text), decimalOf(written)) === 0
}

/** Never equal to any double. It has no own property, so code that treats it as an object sees an empty one. */
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
  /** Equal for all texts of the same number, and different from every text that JavaScript writes for a double. */
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

  /** `JSON.stringify` writes the digits as they were read. */
  toJSON(): unknown {
    return RAW_JSON.rawJSON(this.#text)
  }

  /** Below 0, 0 or above 0, as it is less, equal or more. */
  compareTo(other: number | ExactNumber): number {
    return compareDecimals(this.#decimal, other instanceof ExactNumber ? other.decimal : decimalOf(String(other)))
  }
}

/**
 * Replaces inexact numbers by `ExactNumber`s. `value` is the parsed document; `quoted` is the same document parsed with
 * its inexact numbers as strings, so that both have the same shape. Modifies and returns `quoted`.
 */
export function withExactNumbers(value: unknown, quoted: unknown): unknown {
  if (typeof value === 'number' && typeof quoted === 'string') return new ExactNumber(quoted)
  if (typeof value !== 'object' || value === null) return quoted
  const [members, replaced] = [value as Record<string, unknown>, quoted as Record<string, unknown>]
  for (const key in members) replaced[key] = withExactNumbers(members[key], replaced[key])
  return replaced
}
