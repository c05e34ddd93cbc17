/** A JSON number by its digits: ±0.DIGITS × 10^magnitude. `1500`, `1.5e3` and `1500.0` are the same decimal. */
export interface Decimal {
  isNegative: boolean
  /** Without zeros at either end; empty for zero. */
  digits: string
  /** An exponent of more than 15 digits counts as the nearest double. */
  magnitude: number
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** `text`: a number as JSON or JavaScript writes it. */
export function decimalOf(text: string): Decimal {
  const [, sign, whole = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? []
  const all = whole + fraction
  let start = 0
  while (all.charCodeAt(start) === ZERO) start++
  let end = all.length
  while (end > start && all.charCodeAt(end - 1) === ZERO) end--
  return { isNegative: sign === '-', digits: all.slice(start, end), magnitude: whole.length - start + Number(power) }
}

const ZERO = 0x30

export const isWhole = ({ digits, magnitude }: Decimal): boolean => digits.length <= magnitude || digits === ''

/**
 * Below 0, 0 or above 0, as `a` is less, equal or more. Runs in time linear in the digits, whatever the exponents are.
 */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [signOfA, signOfB] = [signOf(a), signOf(b)]
  if (signOfA !== signOfB) return signOfA - signOfB
  if (a.magnitude !== b.magnitude) return a.magnitude > b.magnitude ? signOfA : -signOfA
  return a.digits === b.digits ? 0 : a.digits > b.digits ? signOfA : -signOfA
}

const signOf = ({ isNegative, digits }: Decimal): number => (digits === '' ? 0 : isNegative ? -1 : 1)

/**
 * Whether `value` is `divisor` times a whole number. `divisor` is in the range of doubles, which bounds the powers of
 * ten here: a value whose last digit is below the divisor's last digit is never a multiple, and callers pass no value
 * beyond the range of doubles.
 */
export function isDecimalMultiple(value: Decimal, divisor: Decimal): boolean {
  if (value.digits === '') return true
  const shift = lastPlace(value) - lastPlace(divisor)
  if (shift < 0) return false
  const modulus = BigInt(divisor.digits)
  return ((BigInt(value.digits) % modulus) * (10n ** BigInt(shift) % modulus)) % modulus === 0n
}

const lastPlace = ({ digits, magnitude }: Decimal): number => magnitude - digits.length
