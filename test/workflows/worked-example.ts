/** The definitions of the worked example: an order that lowers a stock, and the workflow that reorders. */
export const ORDERS = {
  language: 1,
  actions: [
    {
      key: 'invoice',
      type: 'create_invoice',
      with: {
        customerId: '{{$body.customer.id}}',
        currency: 'EUR',
        dueDays: 14,
        lines: [
          {
            sku: '{{$body.sku.id}}',
            description: '{{$body.sku.name}}',
            quantity: '{{$body.quantity}}',
            unitPrice: '{{$body.sku.price}}',
          },
        ],
      },
    },
    { key: 'minus', type: 'set_variable', with: { value: '{{$body.quantity | number | negate}}' } },
    {
      key: 'stock',
      type: 'table_update',
      with: {
        table: 'stock',
        where: { sku: '{{$body.sku.id}}' },
        increment: { quantity: "{{$var['minus']}}" },
        min: 0,
      },
    },
    {
      key: 'left',
      type: 'sql_query',
      with: { mode: 'read', sql: 'select quantity from stock where sku = {{$body.sku.id}}' },
    },
    {
      key: 'low',
      type: 'condition',
      with: { all: [{ path: "$action['left'].first.quantity", operator: 'lt', value: 50 }] },
      // biome-ignore lint/suspicious/noThenProperty: the language's own field
      then: [
        { key: 'reorder', type: 'create_event', with: { event: 'sku_reorder', params: { sku: '{{$body.sku.id}}' } } },
      ],
      else: [],
    },
    {
      key: 'answer',
      type: 'respond',
      with: {
        status: 201,
        body: { invoice: "{{$action['invoice'].invoiceId}}", left: "{{$action['left'].first.quantity}}" },
      },
    },
  ],
}

export const REORDER = {
  language: 1,
  actions: [
    {
      key: 'supplier',
      type: 'http_request',
      with: {
        method: 'POST',
        url: '{{$env.SUPPLIER_URL}}/orders',
        auth: { type: 'bearer', secret: '{{$env.SUPPLIER_KEY}}' },
        body: { sku: '{{$param.sku}}' },
      },
      retry: { attempts: 3 },
    },
    {
      key: 'tell',
      type: 'send_notification',
      with: { channel: 'ops', message: "Reordered {{$param.sku}}: {{$action['supplier'].status}}" },
    },
  ],
}
