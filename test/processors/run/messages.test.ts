/** Mails and messages to webhooks leave with the run's transaction: once, whatever crashes. */
import { expect, it } from '@jest/globals'
import { deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import { notificationRecordCodec, notifications } from '../../../topics/notifications.ts'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const WEBHOOK = { id: 'wh_1', organizationId: 'org_a', environment: 'live', peer: null }
const tell = { key: 'tell', type: 'send_webhook', with: { webhookId: 'wh_1', payload: { n: '{{$param.n}}' } } }
const mail = {
  ...{ key: 'mail', type: 'send_email' },
  with: { to: '{{$param.to}}', subject: 'S', text: 'T' },
}
const request = { key: 'ask', type: 'http_request', with: { url: 'http://supplier.test/', method: 'POST' } }
const commands = (memory: MemoryRun) =>
  memory.written(deliveriesCommands.name).map(({ value }) => deliveryCommandCodec.decode(value!))
const mails = (memory: MemoryRun) =>
  memory.written(notifications.name).map(({ value }) => notificationRecordCodec.decode(value!))

it.each([0, 1, 2, 3, 4, 5, 6, 7])('a crash after %s moves sends each message once', async moves => {
  const memory = createMemoryRun()
  memory.control('webhook', WEBHOOK)
  memory.event([memory.deploy({ actions: [request, tell, mail] })], { n: 7, to: 'ada@example.com' })
  for (let move = 0; move < moves; move++) {
    if (move % 3 === 0) memory.read()
    else if (move % 3 === 1) await memory.breathe()
    else if (memory.isDirty()) memory.commit()
  }
  memory.crash()
  await memory.settle()
  expect(memory.ended()).toMatchObject([{ status: 'succeeded' }])
  const { runId } = memory.ended()[0]!
  expect(commands(memory)).toMatchObject([
    {
      ...{ kind: 'retry', webhookId: 'wh_1', requestId: runId },
      record: { trigger: 'test', attempts: 0, event: { type: 'workflow.message', sequence: 0, depth: 1 } },
    },
  ])
  expect(mails(memory)).toMatchObject([
    { mail: { to: ['ada@example.com'], cc: [], subject: 'S', text: 'T', html: null } },
  ])
  const outputs = memory.steps().map(({ path, output }) => [path, JSON.parse(output!)])
  expect(Object.fromEntries(outputs)).toMatchObject({
    tell: { deliveryId: commands(memory)[0]!.deliveryId },
    mail: { messageId: mails(memory)[0]!.id, status: 'queued' },
  })
})

const TEMPLATE = {
  ...{ id: 'live.hello', organizationId: 'org_a', environment: 'live', name: 'hello' },
  ...{ subject: 'Hello {{name}}', html: '<b>{{name}}</b>', text: null },
}
const templated = (variables: object) => ({
  ...{ key: 'mail', type: 'send_email' },
  with: { to: 'ada@example.com', template: 'hello', variables },
})

it('a mail by a template has its texts as they are then, with the variables of the step', async () => {
  const memory = createMemoryRun()
  memory.control('mail-template', TEMPLATE)
  const workflow = memory.deploy({ actions: [templated({ name: '{{$param.name}}' })] })
  memory.event([workflow], { name: '<Ada>\nBcc: x' })
  await memory.settle()
  expect(mails(memory)).toMatchObject([
    { mail: { subject: 'Hello <Ada> Bcc: x', html: '<b>&lt;Ada&gt;\nBcc: x</b>', text: null } },
  ])
})

it.each([
  ['that is not there', undefined, { name: 'x' }, 'not_found'],
  ['of the other environment', { ...TEMPLATE, id: 'test.hello', environment: 'test' }, { name: 'x' }, 'not_found'],
  ['without one of its variables', TEMPLATE, {}, 'with_invalid'],
])('a mail by a template %s fails with its code', async (_what, template, variables, code) => {
  const memory = createMemoryRun()
  if (template !== undefined) memory.control('mail-template', template)
  memory.event([memory.deploy({ actions: [templated(variables)] })], {})
  await memory.settle()
  expect([memory.ended().map(({ errorCode }) => errorCode), mails(memory)]).toEqual([[code], []])
})

it.each([
  ['a second address in one', { to: 'ada@example.com, eve@example.com' }],
  ['a display name', { to: 'Ada <ada@example.com>' }],
  ['a line break with a header of its own', { to: 'ada@example.com\r\nbcc: eve@example.com' }],
  ['no address', { to: [] }],
  [
    'too many',
    {
      to: Array.from({ length: 40 }, (_, n) => `a${n}@x.test`),
      cc: Array.from({ length: 11 }, (_, n) => `b${n}@x.test`),
    },
  ],
  ['an empty subject', { to: 'ada@example.com', subject: '{{$param.none}}' }],
])('a mail with %s fails with_invalid, and nothing is sent', async (_what, given) => {
  const memory = createMemoryRun()
  const action = { ...mail, with: { ...mail.with, ...given } }
  memory.event([memory.deploy({ actions: [action] })], {})
  await memory.settle()
  expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'with_invalid' }])
  expect(mails(memory)).toEqual([])
})

it.each([
  ['that is not there', undefined, {}, 'not_found'],
  ['of the other environment', { ...WEBHOOK, environment: 'test' }, {}, 'not_found'],
  ['of a peer', { ...WEBHOOK, peer: { groupId: 'grp_1' } }, {}, 'not_found'],
  ['with more than 256 KB', WEBHOOK, { n: 'x'.repeat(262_144) }, 'payload_too_large'],
])('a message to a webhook %s fails with its code', async (_what, webhook, payload, code) => {
  const memory = createMemoryRun()
  if (webhook !== undefined) memory.control('webhook', webhook)
  memory.event([memory.deploy({ actions: [tell] })], payload)
  await memory.settle()
  expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: code }])
  expect(commands(memory)).toEqual([])
})
