/**
 * The transitions of a webhook to failing, disabled and healthy, against a model; each commit may be followed by a
 * crash.
 */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createHealth, type FailedEnd, type Health } from '../../../processors/deliver/outcome/health.ts'
import type { HealthReport } from '../../../src/control-plane/webhooks/webhook-health.ts'
import { createLogger } from '../../../src/logger.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const SUBJECT = { webhookId: 'wh_1', deliveryId: 'dlv_1', event: { organizationId: 'org_1' } }

/** One webhook, the control plane as far as health is concerned, and the stored state. */
function stage(webhook: Partial<Webhook> = {}) {
  let nowMs = 1_000_000
  const record = {
    active: true,
    health: 'healthy',
    failingSince: null,
    autoDisableAfterDays: null,
    ...webhook,
  } as Webhook
  const stored = new Map<string, Buffer | null>()
  const notices: string[] = []
  const open = (): Health => {
    const health = createHealth({
      handle: { write: () => undefined } as never,
      view: { find: () => record } as never,
      clock: { nowMs: () => nowMs, after: () => ({ cancel: () => undefined }) } as never,
      timeScale: 1,
      logger: createLogger('silent'),
      notice: kind => notices.push(kind),
      async report(report: HealthReport) {
        Object.assign(record, { health: report.health, ...(report.deactivate ? { active: false } : {}) })
      },
    })
    for (const [key, value] of stored) health.restore(key, value)
    health.start()
    return health
  }
  let health = open()
  return {
    record,
    notices,
    stored,
    at: (ms: number) => (nowMs += ms),
    health: () => health,
    async commit(): Promise<void> {
      const write = () => {
        for (const { value } of health.seal(0)) {
          if (value === null) stored.delete('wh_1')
          else stored.set('wh_1', value as Buffer)
        }
      }
      write()
      health.committed()
      await new Promise(setImmediate)
      write()
    },
    crash(): void {
      health.close()
      health = open()
    },
  }
}

type Step = { kind: 'ok' } | { kind: 'fail'; end: FailedEnd } | { kind: 'wait'; ms: number } | { kind: 'crash' }

const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'ok' }) },
    { weight: 12, arbitrary: fc.constantFrom<FailedEnd>('retrying', 'retrying', 'retrying', 'declined', 'single_attempt').map<Step>(end => ({ kind: 'fail', end })) }, // biome-ignore format: a table
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'fail', end: 'exhausted' }) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(10_000, 100_000, MINUTE_MS, 5 * MINUTE_MS).map<Step>(ms => ({ kind: 'wait', ms })),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'crash' }) },
  ),
  { maxLength: 80 },
)

it('follows attempts used up, twenty failures in a row, or four over five minutes; one notice each way, whatever crashes', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async plan => {
      const { health, notices, at, commit, crash, stored } = stage()
      const expected: string[] = []
      let failing = false
      let failures: number[] = []
      let nowMs = 0
      for (const step of plan) {
        if (step.kind === 'wait') nowMs += at(step.ms) && step.ms
        else if (step.kind === 'crash') crash()
        else if (step.kind === 'ok') {
          health().succeeded(SUBJECT)
          if (failing) expected.push('recovered')
          failing = false
          failures = []
        } else {
          health().failed(SUBJECT, step.end, 'HTTP 500')
          if (step.end === 'declined' || step.end === 'single_attempt' || failing) continue
          failures.push(nowMs)
          const isSlow = failures.length >= 4 && nowMs - failures[0]! >= 5 * MINUTE_MS
          failing = step.end === 'exhausted' || failures.length >= 20 || isSlow
          if (failing) expected.push('failing')
        }
        await commit()
        expect(notices).toEqual(expected)
      }
      if (!failing && failures.length === 0) expect(stored.size).toBe(0)
    }),
    { numRuns: 200 },
  )
})

it('that its owner limits is disabled when it has been failing for so long, after a failed attempt or when events expire, with one notice', async () => {
  for (const look of ['failed', 'expired'] as const) {
    const { record, health, notices, at, commit, crash } = stage({ autoDisableAfterDays: 2 })
    const again = () => (look === 'failed' ? health().failed(SUBJECT, 'retrying', null) : health().expired(SUBJECT))
    health().failed(SUBJECT, 'exhausted', null)
    await commit()
    at(2 * DAY_MS - 1)
    again()
    await commit()
    expect([record.health, record.active, notices]).toEqual(['failing', true, ['failing']])
    crash()
    at(1)
    for (let n = 0; n < 3; n++) again()
    await commit()
    expect([record.health, record.active, notices]).toEqual(['disabled', false, ['failing', 'disabled']])
  }
})

it('that its owner has switched on again begins anew, and may be switched off again', async () => {
  for (const [end, first] of [
    ['exhausted', 'failing'],
    ['gone', 'gone'],
  ] as const) {
    // biome-ignore format: pairs
    const { record, health, notices, at, commit } = stage({ autoDisableAfterDays: 1 })
    const fail = async () => {
      health().failed(SUBJECT, end, null)
      await commit()
    }
    await fail()
    at(DAY_MS)
    await fail()
    expect(record.active).toBe(false)
    const before = notices.length
    Object.assign(record, { active: true, ...(record.health === 'disabled' ? { health: 'healthy' } : {}) })
    await fail()
    expect(notices.slice(before)).toEqual([first])
    expect(record.active).toBe(end === 'exhausted')
  }
})

it('expiry and failed manual retries do not count against a healthy endpoint', async () => {
  const { record, health, notices, stored, at, commit } = stage()
  for (let n = 0; n < 30; n++) {
    health().failed(SUBJECT, n % 2 === 0 ? 'declined' : 'single_attempt', null)
    health().expired(SUBJECT)
    at(MINUTE_MS)
    await commit()
  }
  expect([record.health, notices, stored.size]).toEqual(['healthy', [], 0])
})
