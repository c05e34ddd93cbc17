/** Fifty equal calls at the same time: each is made once. */
import { describe, expect, it } from '@jest/globals'
import { CUSTOM, owner, platform, template, told, useOwner } from './bad-input-setup.ts'

useOwner()

describe('fifty at once', () => {
  const fifty = <T>(call: (n: number) => Promise<T>) => Promise.all(Array.from({ length: 50 }, (_, n) => call(n)))
  const counted = (answers: Array<{ status: number; code: string | undefined }>) =>
    Object.fromEntries([...Map.groupBy(answers, told)].map(([what, which]) => [what, which.length]))

  it('register one version: it is made once', async () => {
    const answers = await fifty(() => owner.call('POST', CUSTOM, template({ name: 'race' })))
    expect(counted(answers)).toEqual({ 201: 1, version_already_exists: 49 })
  })

  it('publish one draft: it is published once', async () => {
    const { data } = await owner.call<{ id: string }>('POST', CUSTOM, template({ name: 'race.published' }))
    const answers = await fifty(() => owner.call<{ revision: number }>('POST', `${CUSTOM}/${data.id}/publish`))
    expect(new Set(answers.map(answer => `${answer.status} ${answer.data.revision}`))).toEqual(new Set(['200 2']))
  })

  it('emit with one left in the month: exactly one passes', async () => {
    const free = await platform.organization('FREE')
    const generic = { name: 'platformxe.generic', payload: { kind: 'k' } }
    await free.call('POST', `${CUSTOM}/emit/batch`, { items: Array(999).fill(generic) })
    const answers = await fifty(() => free.call('POST', `${CUSTOM}/emit`, generic))
    expect(counted(answers)).toEqual({ 202: 1, monthly_emit_quota_exceeded: 49 })
  })

  it('emit with one idempotency key: there is one event', async () => {
    const any = template({ name: 'any', status: 'published', payloadSchema: { type: 'object' } })
    expect((await owner.call('POST', CUSTOM, any)).status).toBe(201)
    const body = { name: `${owner.slug}.any`, payload: {}, idempotencyKey: 'race' }
    const answers = await fifty(() =>
      owner.call<{ eventId: string; deduplicated: boolean }>('POST', `${CUSTOM}/emit`, body),
    )
    expect(new Set(answers.map(answer => answer.data.eventId)).size).toBe(1)
    expect(answers.filter(answer => !answer.data.deduplicated)).toHaveLength(1)
  })

  it('make keys, and delete one: each is its own, and it is gone once', async () => {
    const key = { name: 'k', environment: 'live', scopes: ['events:read'] }
    const made = await fifty(() => owner.call<{ apiKey: string; key: { id: string } }>('POST', '/api/v1/keys', key))
    expect(new Set(made.map(answer => answer.data.apiKey)).size).toBe(50)
    const gone = await fifty(() => owner.call('DELETE', `/api/v1/keys/${made[0]!.data.key.id}`))
    expect(counted(gone)).toEqual({ 200: 1, not_found: 49 })
  })
})
