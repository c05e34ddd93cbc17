/** `emit --wait` and `open`, against a server that answers as a platform would. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Clock } from '../../../sdks/typescript/src/clock.ts'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { runHere } from '../support/command.ts'

const ok = (data: unknown) => ({
  status: 200,
  headers: { date: new Date().toUTCString() },
  body: JSON.stringify({ success: true, data, meta: {} }),
})
const refused = (status: number, code: string) => ({
  status,
  headers: {},
  body: JSON.stringify({ success: false, error: { code, message: 'm', requestId: 'r', retryable: false } }),
})

let server: Receiver
let env: Record<string, string>
beforeEach(async () => {
  server = await createReceiver()
  env = { HOME: '/nonexistent', CLARION_URL: server.url, CLARION_API_KEY: 'ck_test_x' }
})
afterEach(() => server.close())

/** Waits between calls end at once, and their time passes; limits of calls are held. */
function passingClock(): Clock {
  let nowMs = 1_796_000_000_000
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      if (delayMs !== 250) return { cancel: () => undefined }
      nowMs += delayMs
      const timer = setImmediate(callback)
      return { cancel: () => clearImmediate(timer) }
    },
  }
}

describe('emit --wait', () => {
  const words = ['emit', 'shop.paid', '--data', '{}', '--json', '--wait']
  /** Of the emit, one call after the other; the last for ever. */
  function answer(...statuses: string[]): void {
    let calls = 0
    server.answerWith(({ method, path }) => {
      if (method === 'POST') return ok({ emitId: 'cee_1', eventId: 'evt_1', status: 'queued' })
      if (path.includes('/emits/')) return ok({ status: statuses[Math.min(calls++, statuses.length - 1)] })
      return ok([{ id: 'dlv_1', webhookId: 'wh_1', status: 'success', attempts: 2, lastError: null }])
    })
  }

  it('ends with 0 when every delivery has been made, and shows them', async () => {
    answer('REQUESTED', 'RELAYED', 'DELIVERED')
    const { code, json } = await runHere(env, words, '', passingClock())
    expect([code, json.status, json.deliveries]).toEqual([
      0,
      'DELIVERED',
      [{ webhookId: 'wh_1', status: 'success', attempts: 2, lastError: null }],
    ])
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/api/v1/events/custom/emit',
      ...Array.from({ length: 3 }, () => '/api/v1/events/custom/emits/cee_1'),
      '/api/v1/webhooks/deliveries?eventId=evt_1&limit=100',
    ])
  })

  it('ends with 1 when one failed, or the time is over', async () => {
    answer('FAILED')
    expect((await runHere(env, words, '', passingClock())).code).toBe(1)
    answer('RELAYED')
    const late = await runHere(env, [...words, '--wait-seconds', '2'], '', passingClock())
    expect([late.code, late.json.status]).toEqual([1, 'RELAYED'])
    expect(late.stderr).toContain('deliveries have not ended within 2 s: clarion custom emits get cee_1')
  })
})

describe('open', () => {
  const caller = (scopes: string[]) => ({
    ...{ kind: 'key', organization: { id: 'org_1', name: 'N', slug: 'n', plan: 'PRO' } },
    key: { id: 'key_1', name: 'k', environment: 'test', scopes, expiresAt: null },
  })

  it('prints a link to the page of an id that signs in with the scopes of the key', async () => {
    server.answerWith(({ method }) =>
      method === 'GET' ? ok(caller(['keys:manage', 'events:read'])) : ok({ url: 'http://other/console#login=token' }),
    )
    const { code, stdout } = await runHere(env, ['open', 'evt_06h2rmw21r', '--print'])
    expect([code, stdout]).toEqual([0, `${server.url}/console/events/evt_06h2rmw21r#login=token\n`])
    const made = server.requests.at(-1)!
    expect([made.path, JSON.parse(made.body.toString())]).toEqual([
      '/api/v1/organizations/org_1/console-links',
      { environment: 'test', scopes: ['keys:manage', 'events:read'] },
    ])
  })

  it('prints the page alone where the key may not make links, and refuses what has no page', async () => {
    server.answerWith(({ method }) =>
      method === 'GET' ? ok(caller(['events:read'])) : refused(403, 'insufficient_scope'),
    )
    const { code, stdout, stderr } = await runHere(env, ['open', '--print'])
    expect([code, stdout]).toEqual([0, `${server.url}/console\n`])
    expect(stderr).toContain('sign in on the page')
    const wrong = await runHere(env, ['open', 'key_06h2rmw21r', '--print'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("'key_06h2rmw21r' has no page")])
  })
})
