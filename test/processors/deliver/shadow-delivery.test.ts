import { expect, it } from '@jest/globals'
import { useHarness } from './set-up.ts'

const { newStage, receiver, run } = useHarness()

it('a candidate gets what the webhook got, signed alike, and its failure fails nothing', async () => {
  const stage = newStage()
  const real = await receiver(() => ({ status: 200, body: 'taken' }))
  const candidate = await receiver(({ number }) => (number === 1 ? { status: 200, body: 'taken' } : { status: 500 }))
  stage.webhook('wh_1', real.url)
  stage.shadow('wh_1', candidate.url)
  run(stage)
  await stage.publish(['wh_1'])
  expect(await stage.shadows(1)).toMatchObject([
    { webhookId: 'wh_1', answer: 'same_body', responseStatus: 200, realStatus: 200, realErrorKind: null },
  ])
  await stage.publish(['wh_1'])
  const rows = await stage.shadows(2)
  expect(rows[1]).toMatchObject({ answer: 'other_body', responseStatus: 500, errorKind: 'status', realStatus: 200 })
  const [one, other] = [real.requests[0]!, candidate.requests[0]!]
  expect(other.body).toEqual(one.body)
  const { host: _host, 'x-clarion-shadow': mark, ...headers } = other.headers
  const { host: _real, ...expected } = one.headers
  expect([mark, headers]).toEqual(['1', expected])
  expect((await stage.rows(2)).map(row => [row.state, row.number])).toEqual([
    ['success', 1],
    ['success', 1],
  ])
  expect((await stage.completions(2)).map(({ state }) => state)).toEqual(['DELIVERED', 'DELIVERED'])
  expect([candidate.requests.length, stage.rowsSoFar().length]).toEqual([2, 2])
})
