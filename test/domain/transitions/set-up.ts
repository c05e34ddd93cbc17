export const DAY_MS = 86_400_000

export const ORDER = { customer_id: 'c1', items: [{ sku: 'a', quantity: 1 }] }
