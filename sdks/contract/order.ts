// Code generated from TENANT_CUSTOM:org_x:order.placed@1.0.0, schema SHA-256 11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883; DO NOT EDIT.

export interface OrderPlaced {
  id: string
  at: string
  currency?: OrderPlacedCurrency
  lines?: OrderPlacedLine[]
  note?: string | null
  labels?: { [property: string]: string }
}

export type OrderPlacedCurrency = 'EUR' | 'USD'

export interface OrderPlacedLine {
  sku: string
  quantity?: number
  [property: string]: unknown
}

export const OrderPlacedSchemaHash = '11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883'
