import { describe, expect, it } from '@jest/globals'
import type { HealthReport } from '../../../src/control-plane/webhooks/webhook-health.ts'
import { FAST, times, useHarness } from './set-up.ts'

const { newStage, receiver, run } = useHarness()

/**
 * The reports to the control plane. `deactivate`: the control plane's action on a report
 * that requires it.
 */
function listener(deactivate: () => void = () => undefined) {
  const reports: HealthReport[] = []
  let check: () => void = () => undefined
  const ports = {
    reportHealth: async (report: HealthReport) => {
      if (report.deactivate) deactivate()
      reports.push(report)
      check()
    },
  }
  const until = (condition: () => boolean) =>
    new Promise<void>(resolve => {
      check = () => {
        if (condition()) resolve()
      }
      check()
    })
  return { reports, ports, until }
}

describe('a webhook', () => {
  it('is failing once, however many of its deliveries are exhausted, and recovers once', async () => {
    const stage = newStage()
    let status = 500
    const { url } = await receiver(() => ({ status }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1000] })
    const { reports, ports, until } = listener()
    run(stage, { timeScale: FAST, ...ports })
    await stage.publish(...times(30, () => ['wh_1']))
    await stage.deadLetters(30)
    status = 200
    await stage.publish(...times(10, () => ['wh_1']))
    await until(() => reports.length === 2)
    const notices = await stage.notices(2)
    const changes = await stage.changes(30)
    expect(reports.map(({ health, deactivate }) => [health, deactivate])).toEqual([['failing', false], ['healthy', false]]) // biome-ignore format: pairs
    expect(notices.map(({ kind }) => kind)).toEqual(['webhook_failing', 'webhook_recovered'])
    const exhausted = changes.filter(({ type }) => type === 'WEBHOOK_DELIVERY_EXHAUSTED')
    expect(new Set(exhausted.map(({ entityId }) => entityId)).size).toBe(30)
    expect(JSON.parse(exhausted[0]!.data)).toMatchObject({
      webhookId: 'wh_1',
      attempts: 2,
      lastError: 'The receiver answered 500.',
    })
  })

  it('that fails twenty times in a row is failing, once, though no delivery is exhausted; a crash in between forgets nothing', async () => {
    const stage = newStage()
    let status = 500
    const { url } = await receiver(() => ({ status }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 43_200_000] })
    const { reports, ports, until } = listener()
    const before = run(stage, ports)
    await stage.publish(...times(12, () => ['wh_1']))
    await stage.rows(12)
    await before.drain()
    run(stage, ports)
    await stage.publish(...times(7, () => ['wh_1']))
    await stage.rows(19)
    expect([reports, stage.noticesSoFar()]).toEqual([[], []])
    await stage.publish(['wh_1'])
    await until(() => reports.length === 1)
    const [failing] = await stage.notices(1)
    expect([reports[0]!.health, reports[0]!.deactivate, failing!.kind]).toEqual(['failing', false, 'webhook_failing'])
    await stage.publish(...times(25, () => ['wh_1']))
    await stage.rows(45)
    status = 200
    await stage.publish(['wh_1'])
    await until(() => reports.length === 2)
    const [, recovered, ...more] = await stage.notices(2)
    expect([reports[1]!.health, recovered!.kind, more]).toEqual(['healthy', 'webhook_recovered', []])
  })

  it('that fails four times in a row over five minutes is failing before its delivery is exhausted', async () => {
    const stage = newStage()
    const { url } = await receiver(() => ({ status: 500 }))
    // Five minutes become 150 ms, and the fourth attempt comes after 162 ms at least.
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 120_000, 120_000, 120_000, 43_200_000] })
    const { reports, ports, until } = listener()
    run(stage, { timeScale: FAST, ...ports })
    await stage.publish(['wh_1'])
    await until(() => reports.length === 1)
    const [notice] = await stage.notices(1)
    expect([reports[0]!.health, notice!.kind]).toEqual(['failing', 'webhook_failing'])
    expect((await stage.rows(4)).at(-1)).toMatchObject({ number: 4, state: 'retrying' })
  })

  it('that answers 410 is failing and to be switched off at once, and the delivery is not tried again', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 410 }))
    stage.webhook('wh_1', url)
    const { reports, ports, until } = listener(() => stage.webhook('wh_1', url, { active: false }))
    run(stage, ports)
    await stage.publish(...times(8, () => ['wh_1']))
    await stage.deadLetters(8)
    await until(() => reports.length === 1)
    expect(reports).toMatchObject([{ webhookId: 'wh_1', health: 'failing', deactivate: true }])
    expect(await stage.notices(1)).toMatchObject([{ kind: 'webhook_disabled', severity: 'critical' }])
    expect(requests).toHaveLength(8)
    expect((await stage.rows(8))[0]).toMatchObject({ state: 'failed', reason: 'gone', number: 1 })
  })

  it('whose receiver declines one delivery stays healthy', async () => {
    const stage = newStage()
    const { url } = await receiver(() => ({ status: 500, headers: { 'webhook-retry': 'no' } }))
    stage.webhook('wh_1', url)
    const { reports, ports } = listener()
    run(stage, ports)
    await stage.publish(['wh_1'])
    expect((await stage.rows(1))[0]).toMatchObject({ state: 'failed', reason: 'declined' })
    await stage.changes(1)
    expect(reports).toEqual([])
  })

  it('that has failed for as long as its owner allows is disabled, once', async () => {
    const stage = newStage()
    const { url } = await receiver(() => ({ status: 500 }))
    // One day becomes 864 ms.
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 100_000, 100_000], autoDisableAfterDays: 1 })
    const { reports, ports } = listener()
    // The control plane answers when the webhook is disabled, which takes longer than this test.
    const reportHealth = (report: HealthReport) =>
      ports.reportHealth(report).then(() => (report.deactivate ? new Promise<void>(() => undefined) : undefined))
    run(stage, { timeScale: 0.00001, ...ports, reportHealth })
    for (let sent = 1; reports.length < 2; sent++) {
      await stage.publish(['wh_1'])
      await stage.deadLetters(sent)
    }
    const notices = await stage.notices(2)
    expect(reports.map(({ health, deactivate }) => [health, deactivate])).toEqual([['failing', false], ['disabled', true]]) // biome-ignore format: pairs
    expect(notices.map(({ kind }) => kind)).toEqual(['webhook_failing', 'webhook_disabled'])
  })
})

describe('a crash', () => {
  it('between a transition and its report repeats the report, and not the notice', async () => {
    const stage = newStage()
    const { url } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0] })
    const begun = Promise.withResolvers<void>()
    const before = run(stage, {
      reportHealth: () => {
        begun.resolve()
        return new Promise<never>(() => undefined)
      },
    })
    await stage.publish(['wh_1'])
    await stage.deadLetters(1)
    await begun.promise
    await before.crash()

    const { reports, ports, until } = listener()
    const second = run(stage, ports)
    await until(() => reports.length === 1)
    expect(reports).toMatchObject([{ health: 'failing' }])
    await stage.publish(['wh_1'])
    await stage.deadLetters(2)
    await second.drain()

    const third = listener()
    run(stage, third.ports)
    await stage.publish(['wh_1'])
    await stage.deadLetters(3)
    expect(third.reports).toEqual([])
    expect(stage.noticesSoFar().map(({ kind }) => kind)).toEqual(['webhook_failing'])
  })
})
