import { fields, integer, literal, object, spec, text } from '../action-spec.ts'

export const createEvent = spec({
  type: 'create_event',
  summary: 'Emits an event, which is judged as any emit, and waits for the verdict, unless it is to come later.',
  effect: 'transactional',
  schema: fields(
    {
      event: literal(
        'A registered name (`billing.invoice_paid`), or a bare name, which becomes the kind of a generic event',
        {
          maxLength: 120,
        },
      ),
      version: literal('Of a registered event; the newest unless set', { pattern: '^\\d+\\.\\d+\\.\\d+$' }),
      params: object('The payload'),
      idempotencyKey: text('The step id unless set, so that a repetition emits nothing twice', { maxLength: 255 }),
      delaySeconds: integer('Emits later; the run goes on at once, and knows no verdict', 0, 86_400),
    },
    ['event'],
  ),
  output: { emitId: 'emt_0', eventId: 'evt_0', canonicalName: 'TENANT_CUSTOM:org_0:shop.order_paid@1.0.0', depth: 1 },
  scopes: () => ['events:emit'],
  timeoutCode: 'verdict_missing',
})
