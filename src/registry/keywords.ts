/**
 * Keywords judged by our own code, because a payload can make the validator's slow (`uniqueItems` and `enum` compare each with each) or
 * wrong (equality of objects trusts members such as `valueOf`; `multipleOf` divides in binary, so 19.99 would be no multiple of 0.01).
 */
import type { Ajv2020 } from 'ajv/dist/2020.js'
import { identityOf } from './canonical-json.ts'

/** Replaces `enum`, `const`, `uniqueItems` and `multipleOf`. */
export function addExactKeywords(ajv: Ajv2020): void {
  for (const keyword of ['enum', 'const', 'uniqueItems', 'multipleOf']) ajv.removeKeyword(keyword)
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    compile: (allowed: unknown[]) => membership(allowed),
    error: { message: 'must be equal to one of the allowed values' },
  })
  ajv.addKeyword({
    keyword: 'const',
    compile: (allowed: unknown) => membership([allowed]),
    error: { message: 'must be equal to constant' },
  })
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (unique: boolean) => (unique ? areUnique : () => true),
    error: { message: 'must NOT have duplicate items' },
  })
  ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    compile: (divisor: number) => (value: number) => isMultipleOf(value, divisor),
    error: { message: 'must be a multiple of the divisor' },
  })
}

function membership(allowed: unknown[]): (value: unknown) => boolean {
  const identities = new Set(allowed.map(identityOf))
  return value => identities.has(identityOf(value))
}

function areUnique(items: unknown[]): boolean {
  const seen = new Set<string>()
  for (const item of items) seen.add(identityOf(item))
  return seen.size === items.length
}

/** Whether `value` is `divisor` times a whole number, both taken as the decimals that they are written as. */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0
  const a = decimalOf(value)
  const b = decimalOf(divisor)
  const exponent = Math.min(a.exponent, b.exponent)
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent)
  return scaled(a) % scaled(b) === 0n
}

interface Decimal {
  digits: bigint
  exponent: number
}

/** The shortest decimal that reads back as the number: `1.5e-7` is 15 and -8. */
function decimalOf(value: number): Decimal {
  const [mantissa = '', power = '0'] = String(value).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length }
}
