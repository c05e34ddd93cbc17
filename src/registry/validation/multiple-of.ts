/** `multipleOf` on decimals: in binary, 19.99 would not be a multiple of 0.01. */
import { decimalOf, isDecimalMultiple } from '../../json/decimal.ts'
import { ExactNumber } from '../../json/exact-number.ts'

/**
 * Whether `value` is `divisor` times a whole number, both as decimals. A value beyond the range of doubles never is.
 */
export function isMultipleOf(value: number | ExactNumber, divisor: number): boolean {
  if (value instanceof ExactNumber)
    return Number.isFinite(value.nearest) && isDecimalMultiple(value.decimal, decimalOf(String(divisor)))
  if (!Number.isFinite(value)) return false
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0
  return isDecimalMultiple(decimalOf(String(value)), decimalOf(String(divisor)))
}
