/** What comes later, and what follows from deliveries, on a whole platform: delayed events, chains through routes, mails by template. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

let platform: TestPlatform
let receiver: Receiver
beforeAll(async () => {
  platform = await sharedPlatform()
  receiver = await createReceiver()
}, 120_000)
afterAll(() => receiver?.close())

interface Run {
  id: string
  status: string
  chainDepth: number
  trigger: { kind: string; eventId?: string }
  steps: Array<{ path: string; output: Record<string, unknown> | null }>
}

async function deployed(organization: TestOrganization, path: string, body: object): Promise<string> {
  const { data } = await organization.call<{ id: string }>('POST', path, body)
  expect((await organization.call('POST', `${path}/${data.id}/deploy`)).status).toBe(200)
  return data.id
}

async function ended(organization: TestOrganization, id: string): Promise<Run> {
  for (const deadline = performance.now() + patient(40_000); performance.now() < deadline; await pause(100)) {
    const { data } = await organization.call<Run[]>('GET', `/api/v1/workflows/runs?workflowId=${id}&limit=10`)
    const over = data?.find(({ status }) => !['queued', 'running', 'waiting'].includes(status))
    const found = over && (await organization.call<Run>('GET', `/api/v1/workflows/runs/${over.id}`)).data
    if (found) return found
  }
  throw new Error(`no run of ${id} ended`)
}

const event = (name: string) => ({ kind: 'event', event: name })
const noop = { key: 'v', type: 'set_variable', with: { value: '{{$param.n}}' } }
const definition = (...actions: object[]) => ({ language: 1, actions })

it('an event that a step delays starts its workflow later, in the chain of the run', async () => {
  const organization = await platform.organization('PRO')
  const later = {
    key: 'later',
    type: 'create_event',
    with: { event: 'reminder', params: { n: '{{$param.n}}' }, delaySeconds: 1 },
  }
  const asking = await deployed(organization, '/api/v1/workflows', {
    ...{ name: 'A', trigger: event('order'), definition: definition(later) },
  })
  const reminded = await deployed(organization, '/api/v1/workflows', {
    ...{ name: 'B', trigger: event('reminder'), definition: definition(noop) },
  })
  const payload = { kind: 'order', data: { n: 7 } }
  await organization.call('POST', '/api/v1/events/custom/emit', { name: 'platformxe.generic', payload })
  const first = await ended(organization, asking)
  expect(first.steps[0]!.output).toMatchObject({ eventId: null, depth: 1, dueAt: expect.any(String) })
  expect(await ended(organization, reminded)).toMatchObject({
    ...{ status: 'succeeded', chainDepth: 1, steps: [{ output: { value: 7 } }] },
  })
}, 120_000)

it('a route that a receiver calls because of a delivery is in the chain of its event', async () => {
  const organization = await platform.organization('PRO')
  await organization.call('POST', '/api/v1/webhooks', { url: `${receiver.url}/chain`, events: ['*'] })
  const route = await deployed(organization, '/api/v1/routes', {
    ...{ method: 'POST', path: '/back', auth: 'none', definition: definition({ ...noop, with: { value: 1 } }) },
  })
  const payload = { kind: 'order', data: {} }
  const emitted = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    ...{ name: 'platformxe.generic', payload },
  })
  const [request] = await receiver.received(1)
  const token = request!.headers['x-event-chain']!
  const answer = await fetch(`${platform.base}/run/${organization.slug}/back`, {
    ...{ method: 'POST', headers: { 'x-event-chain': token } },
  })
  expect(answer.status).toBe(200)
  expect(await ended(organization, route)).toMatchObject({
    ...{ chainDepth: 0, trigger: { kind: 'route', eventId: emitted.data.eventId } },
  })
}, 120_000)

it('a mail by a template is a notification with its texts', async () => {
  const organization = await platform.organization('PRO')
  const texts = { subject: 'Order {{id}}', text: 'Thank you, {{name}}' }
  expect((await organization.call('PUT', '/api/v1/mail-templates/thanks', texts)).status).toBe(200)
  const mail = {
    key: 'mail',
    type: 'send_email',
    with: { to: 'ada@example.com', template: 'thanks', variables: { id: '{{$param.id}}', name: 'Ada' } },
  }
  const id = await deployed(organization, '/api/v1/workflows', {
    ...{ name: 'M', trigger: { kind: 'manual' }, definition: definition(mail) },
  })
  await organization.call('POST', `/api/v1/workflows/${id}/run`, { params: { id: 7 } })
  const { steps } = await ended(organization, id)
  const { messageId } = steps[0]!.output as { messageId: string }
  for (const deadline = performance.now() + patient(20_000); performance.now() < deadline; await pause(100)) {
    const found = await organization.call<object>('GET', `/api/v1/notifications/${messageId}`)
    if (found.status === 200) {
      expect(found.data).toMatchObject({ title: 'Order 7', message: 'Thank you, Ada' })
      return
    }
  }
  throw new Error('the mail is in no history')
}, 120_000)
