/** The event that every figure emits: an order of 490 bytes, and the schema that both the platform and the baselines judge it by. */

export const EVENT_NAME = 'order_placed'
export const PAYLOAD_BYTES = 490

export const ORDER_SCHEMA = {
  type: 'object',
  required: ['orderId', 'status', 'placedAt', 'amount', 'currency', 'customer', 'lines'],
  additionalProperties: false,
  properties: {
    orderId: { type: 'integer', minimum: 0 },
    status: { enum: ['placed', 'paid', 'shipped'] },
    placedAt: { type: 'string', format: 'date-time' },
    amount: { type: 'number', minimum: 0 },
    currency: { type: 'string', minLength: 3, maxLength: 3 },
    customer: {
      type: 'object',
      required: ['id', 'email'],
      additionalProperties: false,
      properties: {
        id: { type: 'string', maxLength: 40 },
        email: { type: 'string', format: 'email' },
        country: { type: 'string' },
      },
    },
    lines: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        additionalProperties: false,
        properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1 }, price: { type: 'number' } },
      },
    },
    note: { type: 'string', maxLength: 1000 },
  },
}

/** The `n`th order, as JSON of exactly 490 bytes. */
export function orderJson(n: number): string {
  const order = {
    orderId: n,
    status: 'placed',
    placedAt: '2026-02-03T10:11:12Z',
    amount: 129.9,
    currency: 'EUR',
    customer: { id: `customer-${n % 1_000}`, email: `someone-${n % 1_000}@example.com`, country: 'DE' },
    lines: [
      { sku: 'A-1001', quantity: 2, price: 19.95 },
      { sku: 'B-2002', quantity: 1, price: 90 },
    ],
    note: '',
  }
  order.note = 'x'.repeat(PAYLOAD_BYTES - JSON.stringify(order).length)
  return JSON.stringify(order)
}
