/**
 * Amounts in cents, exactly: decimals are read as whole numbers with a scale, never as binary fractions. Each line is
 * rounded half away from zero, and a total is the sum of its rounded lines.
 */

/** `12.5` is 125 by 10¹. */
export interface Decimal {
  digits: bigint
  scale: number
}

const FORM = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/
/** As a double carries it; ten million million of a currency's units. */
export const CENTS_MAX = 1_000_000_000_000_000

/** Undefined for what is no decimal of at most 12 digits before the point and 6 behind it. */
export function parseDecimal(given: number | string): Decimal | undefined {
  const [, sign, whole, fraction = ''] = FORM.exec(typeof given === 'number' ? plain(given) : given) ?? []
  if (whole === undefined) return undefined
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length }
}

/** A number with an exponent is no decimal of this form. */
const plain = (value: number): string => (Number.isFinite(value) ? value.toString() : '')

/** Of a quantity at a price. */
export function centsOf(quantity: Decimal, unitPrice: Decimal): bigint {
  const digits = quantity.digits * unitPrice.digits * 100n
  const unit = 10n ** BigInt(quantity.scale + unitPrice.scale)
  const half = unit / 2n
  return digits < 0n ? -((-digits + half) / unit) : (digits + half) / unit
}

/** `12345` is `123.45`. */
export const amountOf = (cents: number): number => cents / 100
