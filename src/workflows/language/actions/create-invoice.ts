import { fields, integer, number, spec, text } from '../action-spec.ts'

const DECIMAL = { type: ['number', 'string'], maxLength: 20 }

export const createInvoice = spec({
  type: 'create_invoice',
  summary: 'Creates an invoice, which publishes `invoice.generated`.',
  effect: 'transactional',
  schema: fields(
    {
      customerId: text('Whose invoice it is', { maxLength: 255 }),
      lines: {
        type: 'array',
        description: 'One to 200 lines',
        minItems: 1,
        maxItems: 200,
        'x-template': 'value',
        items: fields(
          {
            sku: text('The article', { maxLength: 255 }),
            description: text('As it is printed', { maxLength: 1_000 }),
            quantity: number('How many; a decimal may be text', DECIMAL),
            unitPrice: number('The price of one; a decimal may be text', DECIMAL),
          },
          ['quantity', 'unitPrice'],
        ),
      },
      currency: text('ISO 4217, such as EUR', { pattern: '^[A-Z]{3}$' }),
      dueDays: integer('Days until it is due; 14 unless set', 0, 365),
    },
    ['customerId', 'lines', 'currency'],
  ),
  output: { invoiceId: 'inv_0', number: 1, total: 12.5, totalCents: 1250 },
  scopes: () => ['domain:manage'],
})
