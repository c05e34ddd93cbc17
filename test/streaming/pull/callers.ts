/** Who may pull, and how often. */
import { describe, expect, it } from '@jest/globals'
import { api, live, many, numbers, pull, writer } from './set-up.ts'

export function describeCallers(): void {
  describe('who may pull', () => {
    it('is whoever reads events: each environment its own, a suspended organization too', async () => {
      const organization = await api.organization('ENTERPRISE')
      const made = await organization.call('POST', '/api/v1/keys', {
        name: 't',
        environment: 'test',
        scopes: ['events:read'],
      })
      const blind = await organization.call('POST', '/api/v1/keys', {
        name: 'e',
        environment: 'live',
        scopes: ['events:emit'],
      })
      const test = { call: api.as(made.data.apiKey) }
      await writer.write(live(organization), many(2))
      await writer.write({ organizationId: organization.id, environment: 'test' }, many(1))
      expect((await pull(test, { types: '*', from: 'earliest' })).data).toEqual([
        expect.objectContaining({ environment: 'test', sequence: 1 }),
      ])
      expect((await pull({ call: api.as(blind.data.apiKey) }, { types: '*' })).code).toBe('insufficient_scope')
      await api.operator('POST', `/api/v1/organizations/${organization.id}/suspend`)
      expect(numbers(await pull(organization, { types: '*', from: 'earliest' }))).toEqual([1, 2])
    })

    it('is limited by the plan, per second; a call that is refused is not counted', async () => {
      const organization = await api.organization('BASIC')
      const answers = await Promise.all(Array.from({ length: 12 }, () => pull(organization, { types: '*' })))
      const refused = answers.filter(({ code }) => code === 'rate_limited')
      expect(refused.length).toBe(7)
      expect(refused[0]!.headers.get('retry-after')).toBe('1')
      // The rate comes before the query, the scope before the rate.
      expect((await pull(organization, { types: '' })).code).toBe('rate_limited')
    })

    it('sends its key in a header: a key in the URL is refused before sign-in', async () => {
      for (const query of [
        'key=x',
        'apiKey=x',
        'API_KEY=x',
        'access_token=x',
        'types=ck_live_abc',
        'ck_=&from=ck_test_x',
      ]) {
        const answer = await api.as(undefined)('GET', `/api/v1/events?${query}`)
        expect([query, answer.status, answer.code]).toEqual([query, 400, 'key_in_query'])
        expect(JSON.stringify(answer.body)).not.toContain('abc')
      }
    })
  })
}
