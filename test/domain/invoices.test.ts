/** Invoices: dense numbers, and totals that are exact in cents. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { centsOf, parseDecimal } from '../../src/domain/money.ts'
import { createDesk } from './desk.ts'

const one = (quantity: number | string, unit_price: number | string) => ({ sku: 'a', quantity, unit_price })
const invoice = (...lines: object[]) => ({ customer_id: 'c1', currency: 'EUR', lines })

describe('amounts', () => {
  it.each([
    [1, '0.1', 10],
    [3, 0.1, 30],
    [1, '1.005', 101],
    [1, 1.005, 101],
    ['0.5', '0.01', 1],
    [-1, '1.005', -101],
    ['2.5', '19.99', 4998],
    [1_000_000, '0.000001', 100],
  ])('%s at %s is %d cents', (quantity, price, cents) => {
    expect(Number(centsOf(parseDecimal(quantity)!, parseDecimal(price)!))).toBe(cents)
  })

  it.each(['', '1,5', '1e3', 'NaN', '1.2345678', '.5', '1.', ' 1', '1'.repeat(13), '0x10'])('%j is none', text => {
    expect(parseDecimal(text)).toBeUndefined()
  })

  it('of whole cents and quantities are the product, without an error of binary fractions', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(1_000_000), (quantity, cents) => {
        const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
        expect(centsOf(parseDecimal(quantity)!, parseDecimal(price)!)).toBe(BigInt(quantity) * BigInt(cents))
      }),
    )
  })
})

describe('an invoice', () => {
  it('has the sum of its rounded lines, and is paid once', () => {
    const desk = createDesk()
    const made = desk.do('invoice.create', invoice(one(3, '0.335'), one(1, 19.99)))
    expect(made).toMatchObject({ number: 1, total: 21, total_cents: 2100, currency: 'EUR', status: 'generated' })
    expect(desk.do('invoice.pay', {}, { id: made.id }).status).toBe('paid')
    expect(desk.refused('invoice.pay', {}, { id: made.id })).toBe('invalid_transition')
    expect(desk.events).toMatchObject([
      { type: 'invoice.generated', data: { invoice_id: made.id, customer_id: 'c1', total: 21, currency: 'EUR' } },
      { type: 'invoice.paid', data: { invoice_id: made.id, total: 21 } },
    ])
  })

  it('that is refused takes no number, so numbers stay dense; older ones that are pushed out free none', () => {
    const desk = createDesk({ endedMax: 2 })
    const numbers: unknown[] = []
    for (let n = 0; n < 5; n++) {
      expect(desk.refused('invoice.create', invoice(one('x', 1)))).toBe('validation_failed')
      const { id, number } = desk.do('invoice.create', invoice(one(1, 1)))
      desk.do('invoice.pay', {}, { id })
      numbers.push(number)
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5])
  })

  it('of the usage of a month is made once for a customer', () => {
    const desk = createDesk()
    const usage = { ...invoice(one(1, 1)), usage_month: '2026-11' }
    desk.do('invoice.create', usage)
    expect(desk.refused('invoice.create', usage)).toBe('conflict')
    expect(desk.refused('invoice.create', { ...usage, usage_month: '2026-12' })).toBeUndefined()
    expect(desk.refused('invoice.create', { ...usage, customer_id: 'c2' })).toBeUndefined()
  })

  it('beyond what a double carries exactly is refused', () => {
    const desk = createDesk()
    expect(desk.refused('invoice.create', invoice(one('999999999999', '999999999999')))).toBe('validation_failed')
  })
})
