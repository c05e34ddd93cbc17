/** Starts, and what steps do. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Webhook as Standard } from 'standardwebhooks'
import { createReceiver } from '../../support/receiver.ts'
import { untilFound } from '../../support/until.ts'
import { deployed, emit, ended, platform, type Run, receiver } from './set-up.ts'

export function describeSteps(): void {
  describe('an accepted event', () => {
    it('starts each matching workflow once; its request arrives once, under the key of its step', async () => {
      const organization = await platform.organization()
      const arrived = (path: string) => receiver.requests.filter(request => request.path === path)
      const request = (path: string) => ({
        actions: [
          { key: 'twice', type: 'transform', with: { template: { n: '{{$param.n}}' } } },
          {
            ...{ key: 'ask', type: 'http_request' },
            with: { method: 'POST', url: `${receiver.url}${path}`, body: { got: "{{$action['twice'].value}}" } },
          },
        ],
      })
      const one = await deployed(organization, 'order', request('/one'))
      const other = await deployed(organization, 'order', request('/other'))
      const none = await deployed(organization, 'another', request('/none'))
      const emitted = await emit(organization, 'order', { n: 7 })
      expect(emitted.status).toBe(202)

      const [run] = await ended(organization, one, 1)
      await ended(organization, other, 1)
      expect(run).toMatchObject({
        ...{ status: 'succeeded', mode: 'live', trigger: { kind: 'event', eventId: emitted.data.eventId } },
        ...{ params: { n: 7 }, error: null },
      })
      expect(run!.steps.map(({ path, status, attempts }) => [path, status, attempts])).toEqual([
        ['twice', 'succeeded', 1],
        ['ask', 'succeeded', 1],
      ])
      expect(arrived('/one').map(({ body, headers }) => [body.toString(), headers['idempotency-key']])).toEqual([
        ['{"got":{"n":7}}', `${run!.id}/ask`],
      ])
      expect([arrived('/other').length, arrived('/none').length]).toEqual([1, 0])
      const meters = await untilFound('the meters count them', async () => {
        const { data } = await organization.call<{ meters: Record<string, number> }>('GET', '/api/v1/usage/summary')
        return data.meters.workflow_runs === 2 && data.meters
      })
      expect(meters).toMatchObject({ workflow_runs: 2, workflow_steps: 4, debug_runs: 0 })
      const { data } = await organization.call<Run[]>('GET', `/api/v1/workflows/${none}/runs`)
      expect(data).toEqual([])
    }, 60_000)
  })

  describe('a start by hand', () => {
    it('can be waited for: the answer is the run at its end', async () => {
      const organization = await platform.organization()
      const id = await deployed(organization, '', {
        actions: [{ key: 'a', type: 'transform', with: { template: '{{$param.n}}' } }],
      })
      const run = await organization.call<Run>('POST', `/api/v1/workflows/${id}/run`, { params: { n: 5 }, wait: 20 })
      expect(run.status).toBe(200)
      expect(run.data).toMatchObject({ status: 'succeeded', mode: 'manual', params: { n: 5 }, output: { value: 5 } })
      expect(run.data.id).toMatch(/^run_/)

      const slow = await deployed(organization, '', { actions: [{ key: 'a', type: 'delay', with: { seconds: 600 } }] })
      const waited = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${slow}/run`, { wait: 1 })
      expect([waited.status, waited.data]).toEqual([202, { runId: expect.stringMatching(/^run_/) }])
    }, 60_000)
  })

  describe('a step', () => {
    it('creates an event, which is judged, and starts the next workflow one deeper in the chain', async () => {
      const organization = await platform.organization()
      const create = { event: 'second', params: { from: '{{$param.n}}' } }
      const first = await deployed(organization, 'first', {
        actions: [{ key: 'make', type: 'create_event', with: create }],
      })
      const actions = [{ key: 'seen', type: 'transform', with: { template: '{{$param.from}}' } }]
      const second = await deployed(organization, 'second', { actions })
      await emit(organization, 'first', { n: 3 })

      const [next] = await ended(organization, second, 1)
      const [run] = await ended(organization, first, 1)
      expect(run).toMatchObject({ status: 'succeeded', chainDepth: 0 })
      expect(run!.steps[0]!.output).toMatchObject({ depth: 1, eventId: expect.stringMatching(/^evt_/) })
      expect(next).toMatchObject({ status: 'succeeded', chainDepth: 1, params: { from: 3 } })
      expect(next!.trigger).toMatchObject({ eventId: run!.steps[0]!.output.eventId })
    }, 60_000)

    it('that emits what is not registered fails with the code of any emit', async () => {
      const organization = await platform.organization()
      const definition = { actions: [{ key: 'make', type: 'create_event', with: { event: 'shop.none', params: {} } }] }
      const workflow = await deployed(organization, 'wrong', definition)
      await emit(organization, 'wrong', {})
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'failed', error: { actionKey: 'make', code: 'event_not_registered' } })
    }, 60_000)

    it('delivers a message to a webhook, signed and repeated as an event would be, and in no event log', async () => {
      const organization = await platform.organization()
      const down = await createReceiver({ answer: ({ number }) => ({ status: number === 1 ? 500 : 200 }) })
      const webhook = { url: `${down.url}/hook`, events: ['none.at_all'], retry: { delays: [0, 1] } }
      const made = await organization.call<{ id: string; secret: string }>('POST', '/api/v1/webhooks', webhook)
      expect([made.status, made.body]).toEqual([201, expect.anything()])
      const message = { webhookId: made.data.id, payload: { left: '{{$param.n}}' } }
      const workflow = await deployed(organization, 'message', {
        actions: [{ key: 'tell', type: 'send_webhook', with: message }],
      })
      await emit(organization, 'message', { n: 3 })
      const [run] = await ended(organization, workflow, 1)
      const { deliveryId } = run!.steps[0]!.output as { deliveryId: string }
      const delivery = await untilFound('it is delivered', async () => {
        const { data } = await organization.call<Run>('GET', `/api/v1/webhooks/deliveries/${deliveryId}`)
        return data?.status === 'success' && data
      })
      expect(delivery).toMatchObject({ trigger: 'workflow', eventType: 'workflow.message', attempts: 2 })
      const history = (delivery as unknown as { history: Array<{ trigger: string }> }).history
      expect(history.map(({ trigger }) => trigger)).toEqual(['workflow', 'workflow'])
      for (const { headers, body } of down.requests) {
        expect(new Standard(made.data.secret).verify(body.toString(), headers as Record<string, string>)).toMatchObject(
          {
            ...{ type: 'workflow.message', source: `workflow:${workflow}`, data: { left: 3 } },
          },
        )
        expect(headers['webhook-id']).toBe(deliveryId)
      }
      const retried = await organization.call('POST', `/api/v1/webhooks/deliveries/${deliveryId}/retry`)
      expect([retried.status, retried.code]).toEqual([409, 'conflict'])
      await down.close()
    }, 60_000)

    it('sends a mail, which the list of notifications has; what is no address fails the step', async () => {
      const organization = await platform.organization()
      const mail = {
        ...{ to: '{{$param.to}}', cc: ['Desk@example.com'], subject: 'Order {{$param.n}}' },
        html: '<p>Thank you, {{$param.name}}.</p>',
      }
      const workflow = await deployed(organization, 'mail', {
        actions: [{ key: 'mail', type: 'send_email', with: mail }],
      })
      await emit(organization, 'mail', { n: 3, to: ['ada@example.com'], name: '<b>Ada</b>' })
      const [run] = await ended(organization, workflow, 1)
      const { messageId } = run!.steps[0]!.output as { messageId: string }
      const sent = await untilFound('it is sent', async () => {
        const { data } = await organization.call<Run>('GET', `/api/v1/notifications/${messageId}`)
        return data?.status === 'sent' && data
      })
      expect(sent).toMatchObject({ title: 'Order 3', message: expect.stringContaining('Thank you'), channel: 'mail' })
      const file = readFileSync(join(platform.dataDir, 'mailbox', `${messageId}.eml`), 'utf8')
      expect(file).toMatch(/^To: ada@example.com$/m)
      expect(file).toMatch(/^Cc: Desk@example.com$/m)
      expect(file).toContain('&lt;b&gt;Ada&lt;/b&gt;')
      await emit(organization, 'mail', { n: 4, to: 'ada@example.com, eve@example.com', name: '' })
      const [, second] = await ended(organization, workflow, 2)
      expect(second).toMatchObject({ status: 'failed', error: { code: 'with_invalid' } })
    }, 60_000)

    it('that fails is tried again, and its last failure ends the run', async () => {
      const organization = await platform.organization()
      const down = await createReceiver({ answer: () => ({ status: 503 }) })
      const action = { key: 'ask', type: 'http_request', with: { url: `${down.url}/x` } }
      const retry = { attempts: 3, firstSeconds: 0.05 }
      const workflow = await deployed(organization, 'retry', { actions: [{ ...action, retry }] })
      await emit(organization, 'retry', {})
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'failed', error: { code: 'http_status' }, steps: [{ attempts: 3 }] })
      expect(new Set(down.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
      expect(down.requests).toHaveLength(3)
      await down.close()
    }, 60_000)
  })

  describe('tables', () => {
    it('are read and changed by steps, whose failures a branch can take', async () => {
      const organization = await platform.organization('BASIC')
      const columns = [
        { name: 'sku', type: 'text', unique: true },
        { name: 'quantity', type: 'integer' },
      ]
      const table = await organization.call('POST', '/api/v1/tables', { name: 'stock', columns })
      expect([table.status, table.body]).toEqual([201, expect.anything()])
      const on = (key: string, type: string, more: object) => ({ key, type, with: { table: 'stock', ...more } })
      const where = { sku: '{{$param.sku}}' }
      const workflow = await deployed(organization, 'tables', {
        actions: [
          on('put', 'table_insert', {
            values: [
              { sku: '{{$param.sku}}', quantity: 5 },
              { sku: 'other', quantity: 1 },
            ],
          }),
          on('take', 'table_update', { where, increment: { quantity: '{{$param.n | number | negate}}' }, min: 0 }),
          { ...on('more', 'table_update', { where, increment: { quantity: -9 }, min: 0 }), onError: 'continue' },
          { ...on('again', 'table_insert', { values: { sku: 'other' } }), onError: 'continue' },
          { key: 'look', type: 'sql_query', with: { sql: 'select quantity from stock where sku = {{$param.sku}}' } },
          {
            ...{ key: 'write', type: 'sql_query' },
            with: { mode: 'write', sql: 'update stock set quantity = 7 where sku = {{$param.sku}} returning quantity' },
          },
          on('drop', 'table_delete', { where: { sku: 'other' } }),
          on('all', 'table_get', { orderBy: 'sku' }),
        ],
      })
      await emit(organization, 'tables', { sku: 'a', n: '2' })
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'succeeded', error: null })
      const outputs = Object.fromEntries(run!.steps.map(({ path, output }) => [path, output]))
      expect(outputs).toMatchObject({
        put: { rowCount: 2, row: { sku: 'a', quantity: 5 } },
        take: { rowCount: 1, row: { sku: 'a', quantity: 3 } },
        look: { rowCount: 1, first: { quantity: 3 } },
        write: { first: { quantity: 7 } },
        drop: { rowCount: 1 },
        all: { rows: [{ id: 1, sku: 'a', quantity: 7 }] },
      })
      const failures = run!.steps.filter(({ status }) => status === 'failed') as unknown as Array<{
        error: { code: string }
      }>
      expect(failures.map(({ error }) => error.code)).toEqual(['stock_insufficient', 'constraint_violated'])
      const rows = await organization.call('GET', '/api/v1/tables/stock/rows')
      expect(rows.data).toEqual([{ id: 1, sku: 'a', quantity: 7 }])
    }, 90_000)
  })

  describe('code', () => {
    it('computes in a sandbox, and its failure is one of the step', async () => {
      const organization = await platform.organization('PRO')
      const code = (key: string, text: string) => ({
        key,
        type: 'custom_code',
        with: { code: text, input: '{{$param.n}}' },
      })
      const workflow = await deployed(organization, 'code', {
        actions: [
          code('twice', 'console.log(typeof process, input); return { twice: input * 2, now: Date.now() }'),
          { ...code('wrong', 'throw new RangeError("too few")'), onError: 'continue' },
          { ...code('endless', 'for (;;) {}'), onError: 'continue' },
        ],
      })
      await emit(organization, 'code', { n: 4 })
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'succeeded' })
      const [twice, wrong, endless] = run!.steps as unknown as Array<{ output: object; error: { code: string } | null }>
      const value = { twice: 8, now: Date.parse(run!.startedAt as string) }
      expect(twice!.output).toEqual({ value, logs: ['undefined 4'] })
      expect([wrong!.error, endless!.error]).toMatchObject([{ code: 'code_error' }, { code: 'code_timeout' }])
    }, 60_000)

    it('needs a plan that has it', async () => {
      const organization = await platform.organization('BASIC')
      const definition = { language: 1, actions: [{ key: 'c', type: 'custom_code', with: { code: 'return 1' } }] }
      const trigger = { kind: 'manual' }
      const made = await organization.call<{ id: string }>('POST', '/api/v1/workflows', {
        name: 'W',
        trigger,
        definition,
      })
      const answer = await organization.call('POST', `/api/v1/workflows/${made.data.id}/deploy`)
      expect([answer.status, answer.code]).toEqual([400, 'workflow_invalid'])
    })
  })
}
