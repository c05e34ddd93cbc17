import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

type Org = Awaited<ReturnType<TestApi['organization']>>
let api: TestApi
let org: Org

beforeAll(async () => {
  api = await openTestApi({ timeScale: 0.001 })
  org = await api.organization('PRO')
})
afterAll(() => api?.close())

async function keyWith(scopes: string[], environment = 'live') {
  const key = await org.call('POST', '/api/v1/keys', { name: 'k', environment, scopes })
  return api.as(key.data.apiKey)
}

describe('a variable', () => {
  it('is set, read, listed by name and deleted, in its environment alone', async () => {
    const own = await api.organization('PRO')
    for (const name of ['B', 'A', 'C']) await own.call('PUT', `/api/v1/variables/${name}`, { value: name })
    const first = await own.call('GET', '/api/v1/variables?limit=2')
    const names = (data: Array<{ name: string }>) => data.map(({ name }) => name)
    expect([names(first.data), first.data[0].value]).toEqual([['A', 'B'], 'A'])
    const next = await own.call('GET', `/api/v1/variables?limit=2&cursor=${first.meta.nextCursor}`)
    expect([names(next.data), next.meta.nextCursor]).toEqual([['C'], null])
    const again = await own.call('PUT', '/api/v1/variables/A', { value: 'new' }, { 'if-match': '1' })
    expect(again.data).toMatchObject({ name: 'A', value: 'new', revision: 2 })
    expect((await own.call('PUT', '/api/v1/variables/A', { value: 'x' }, { 'if-match': '1' })).code).toBe(
      'revision_conflict',
    )
    expect((await own.call('DELETE', '/api/v1/variables/A')).data).toEqual({ name: 'A', deleted: true })
    expect((await own.call('GET', '/api/v1/variables/A')).code).toBe('not_found')
    const test = await keyWith(['workflows:read'], 'test')
    expect((await test('GET', '/api/v1/variables/B')).code).toBe('not_found')
  })

  it.each([
    ['lower', 'validation_failed', 'x', '/path/name'],
    ['1A', 'validation_failed', 'x', '/path/name'],
    [`A${'B'.repeat(63)}`, 'validation_failed', 'x', '/path/name'],
    ['A', 'validation_failed', 'ä'.repeat(8_193), '/value'],
    ['A', 'validation_failed', 5, '/value'],
  ])('%s with a wrong name or value is refused at its place', async (name, code, value, path) => {
    const reply = await org.call('PUT', `/api/v1/variables/${name}`, { value })
    expect([reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([400, code, path])
  })

  it('may be one of 200 with the secrets, and shares their names', async () => {
    const own = await api.organization('PRO')
    const set = (kind: string, name: string) => own.call('PUT', `/api/v1/${kind}/${name}`, { value: 'x' })
    await Promise.all(Array.from({ length: 199 }, (_, number) => set('variables', `V${number}`)))
    expect((await set('secrets', 'V0')).code).toBe('conflict')
    expect((await set('secrets', 'S')).status).toBe(200)
    expect((await set('variables', 'S')).code).toBe('conflict')
    const over = await set('variables', 'V200')
    expect([over.status, over.code]).toEqual([402, 'workflow_quota_exceeded'])
    expect((await set('variables', 'V7')).data.revision).toBe(2)
  })
})

describe('a secret', () => {
  it('is stored sealed and never answered', async () => {
    const value = 'sk_live_never_to_be_seen'
    const replies = [
      await org.call('PUT', '/api/v1/secrets/TOKEN', { value }),
      await org.call('GET', '/api/v1/secrets/TOKEN'),
      await org.call('GET', '/api/v1/secrets'),
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    const stored = api.view.list('secret', org.id)
    expect(stored[0]).toMatchObject({ name: 'TOKEN', encryptedValue: expect.stringMatching(/^v2\./) })
    expect(JSON.stringify([replies, stored])).not.toContain(value)
    expect(replies[1]!.data).toEqual(expect.not.objectContaining({ value: expect.anything() }))
  })

  it('needs workflows:manage and secrets:use to be set or deleted', async () => {
    await org.call('PUT', '/api/v1/secrets/KEPT', { value: 'x' })
    for (const scopes of [['workflows:manage'], ['secrets:use'], ['secrets:use', 'workflows:read']]) {
      const limited = await keyWith(scopes)
      expect((await limited('PUT', '/api/v1/secrets/KEPT', { value: 'y' })).code).toBe('insufficient_scope')
      expect((await limited('DELETE', '/api/v1/secrets/KEPT')).code).toBe('insufficient_scope')
    }
    const able = await keyWith(['workflows:manage', 'secrets:use'])
    expect((await able('DELETE', '/api/v1/secrets/KEPT')).status).toBe(200)
  })

  it('that a live version reads cannot be deleted, and the refusal names the workflow', async () => {
    const own = await api.organization('PRO')
    await own.call('PUT', '/api/v1/secrets/TOKEN', { value: 'x' })
    const request = { url: 'https://supplier.example', headers: { authorization: 'Bearer {{$env.TOKEN}}' } }
    const { data } = await own.call('POST', '/api/v1/workflows', {
      ...{ name: 'Reorder', trigger: { kind: 'manual' } },
      definition: { language: 1, actions: [{ key: 'call', type: 'http_request', with: request }] },
    })
    const remove = () => own.call('DELETE', '/api/v1/secrets/TOKEN')
    await own.call('POST', `/api/v1/workflows/${data.id}/deploy`)
    const refused = await remove()
    expect([refused.status, refused.code, refused.body.error?.details?.[0]?.path]).toEqual([
      ...[409, 'in_use', `/workflows/${data.id}`],
    ])
    await own.call('POST', `/api/v1/workflows/${data.id}/undeploy`)
    expect((await remove()).status).toBe(200)
    const gone = await own.call('POST', `/api/v1/workflows/${data.id}/deploy`)
    expect(gone.code).toBe('workflow_invalid')
  })

  it('of a deleted organization is gone at once', async () => {
    const own = await api.organization('PRO')
    await own.call('PUT', '/api/v1/secrets/TOKEN', { value: 'x' })
    await api.operator('DELETE', `/api/v1/organizations/${own.id}`)
    expect(api.view.list('secret', own.id)).toEqual([])
  })
})

describe('a mail template', () => {
  const path = '/api/v1/mail-templates/thanks'
  const texts = { subject: 'Order {{id}}', text: 'Thank you, {{name}}' }

  it('is set, read, listed and replaced, in its environment alone', async () => {
    const own = await api.organization('FREE')
    const made = await own.call('PUT', path, texts)
    expect(made.data).toMatchObject({ ...texts, name: 'thanks', html: null, environment: 'live', revision: 1 })
    await own.call('PUT', '/api/v1/mail-templates/again', texts)
    const listed = await own.call('GET', '/api/v1/mail-templates?limit=1')
    expect(listed.data.map(({ name }: { name: string }) => name)).toEqual(['again'])
    const rest = await own.call('GET', `/api/v1/mail-templates?cursor=${listed.meta.nextCursor}`)
    expect(rest.data).toEqual([made.data])
    const html = { subject: 'Order {{id}}', html: '<b>{{name}}</b>' }
    expect((await own.call('PUT', path, html, { 'if-match': '2' })).code).toBe('revision_conflict')
    expect((await own.call('PUT', path, html)).data).toMatchObject({ ...html, text: null, revision: 2 })
    expect((await own.call('DELETE', path)).data).toEqual({ name: 'thanks', deleted: true })
    expect((await own.call('GET', path)).code).toBe('not_found')
  })

  it.each([
    ['without a content', { subject: 's' }, '/text'],
    ['whose place is no name', { ...texts, text: '{{$param.x}}' }, '/text'],
    ['whose subject has two lines', { ...texts, subject: 'a\nb' }, '/subject'],
    ['whose place does not end', { ...texts, html: '{{name' }, '/html'],
  ])('%s is refused at its place', async (_what, input, place) => {
    const { code, body } = await org.call('PUT', path, input)
    expect([code, body.error?.details?.[0]?.path]).toEqual(['validation_failed', place])
  })

  it('is what a deploy asks for, and stays while a live version names it', async () => {
    const own = await api.organization('PRO')
    const action = { key: 'mail', type: 'send_email', with: { to: 'ada@example.com', template: 'thanks' } }
    const { data } = await own.call('POST', '/api/v1/workflows', {
      ...{ name: 'W', trigger: { kind: 'manual' }, definition: { language: 1, actions: [action] } },
    })
    const refused = await own.call('POST', `/api/v1/workflows/${data.id}/deploy`)
    expect(refused.body.error?.details).toMatchObject([
      { path: '/actions/0/with/template', rule: 'unknown_mail_template' },
    ])
    await own.call('PUT', path, texts)
    expect((await own.call('POST', `/api/v1/workflows/${data.id}/deploy`)).status).toBe(200)
    expect((await own.call('DELETE', path)).code).toBe('in_use')
    await own.call('POST', `/api/v1/workflows/${data.id}/undeploy`)
    expect((await own.call('DELETE', path)).status).toBe(200)
  })
})
