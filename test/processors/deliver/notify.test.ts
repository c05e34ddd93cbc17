import { beforeEach, describe, expect, it } from '@jest/globals'
import { channelsOf, mailChannelId } from '../../../src/notifications/channels.ts'
import { createNotifyStage, FAILED, ORGANIZATION } from './notify-stage.ts'

const MINUTE_MS = 60_000
let stage: ReturnType<typeof createNotifyStage>
beforeEach(() => {
  stage = createNotifyStage()
  stage.open()
})

const times = async (count: number, work: (at: number) => Promise<unknown>) => {
  for (let at = 0; at < count; at++) await work(at)
}

describe('what stops a notification', () => {
  it('is judged in order: channel, severity, dedupe, rate, quiet hours; and it is stored', async () => {
    const quietHours = { from: '00:00', to: '23:59', timeZone: 'UTC' }
    const rateLimit = { max: 1, perMinutes: 60 }
    const all = { minSeverity: 'warning', rateLimit, quietHours } as const
    stage.channel('ops', all)
    await stage.notify({ dedupeKey: 'a', severity: 'critical' })
    await stage.notify({ dedupeKey: 'a', severity: 'info' })
    await stage.notify({ dedupeKey: 'a', severity: 'warning' })
    await stage.notify({ dedupeKey: 'b', severity: 'warning' })
    stage.channel('ops', { ...all, rateLimit: { max: 2, perMinutes: 60 } })
    await stage.notify({ dedupeKey: 'c', severity: 'warning' })
    await stage.notify({ dedupeKey: 'c', severity: 'critical' })
    stage.channel('ops', { ...all, active: false })
    await stage.notify({ dedupeKey: 'a', severity: 'info' })
    await stage.notify({ channelId: 'chn_never_made' })
    const ends = ['sent', 'severity', 'dedupe', 'rate_limit', 'quiet_hours', 'sent', 'inactive'].map(
      end => `ops ${end}`,
    )
    expect(stage.ends()).toEqual([...ends, 'chn_never_made inactive'])
    expect(stage.steps.filter(({ step }) => step === 0).map(({ message }) => message)).toEqual(Array(8).fill('text'))
  })

  it('is a key for 15 minutes by the times of the notifications, after a restart too', async () => {
    stage.channel('ops')
    stage.channel('other')
    await stage.notify({ dedupeKey: 'a' })
    stage.crash()
    stage.open()
    await stage.advance(14 * MINUTE_MS)
    await stage.notify({ dedupeKey: 'a' })
    await stage.notify({ dedupeKey: 'a', channelId: 'chn_other' })
    await stage.advance(MINUTE_MS)
    await stage.notify({ dedupeKey: 'a' })
    expect(stage.ends()).toEqual(['ops sent', 'ops dedupe', 'other sent', 'ops sent'])
  })

  it('is a rate over a sliding time; a suppressed one does not count', async () => {
    stage.channel('ops', { rateLimit: { max: 2, perMinutes: 10 } })
    await times(4, async () => {
      await stage.notify()
      await stage.advance(4 * MINUTE_MS)
    })
    expect(stage.ends().map(end => end.slice(4))).toEqual(['sent', 'sent', 'rate_limit', 'sent'])
  })

  it('is no address of the owner; with one it is sent', async () => {
    stage.organization({ ownerEmail: null })
    await stage.notify({ channelId: null, kind: 'quota', sourceKind: 'system' })
    stage.organization()
    await stage.notify({ channelId: null, kind: 'quota', sourceKind: 'system' })
    expect(stage.ends()).toEqual(['account-owner no_recipient', 'in-app sent', 'in-app sent', 'account-owner sent'])
  })
})

describe('a mail to addresses of its own', () => {
  const mail = { to: ['ada@example.com'], cc: [], subject: 'Hello', text: 'text', html: null }
  const send = (more: object = {}) =>
    stage.notify({ channelId: mailChannelId(ORGANIZATION), sourceKind: 'workflow', mail, ...more })

  it('belongs to no channel, and is tried until the mail server takes it, after a restart too', async () => {
    stage.answerWith(() => FAILED)
    const id = await send()
    stage.crash()
    stage.open()
    stage.answerWith(() => ({ ...FAILED, handed: 'sent' }))
    await stage.advance(MINUTE_MS)
    expect(stage.ends()).toEqual(['mail sent'])
    expect(stage.sent.map(each => each.id)).toEqual([id, id])
    expect(channelsOf(stage.view, ORGANIZATION).map(({ name }) => name)).toEqual(['account-owner', 'in-app'])
  })

  it('is sent a tenth of the plan’s notifications of a day in an hour', async () => {
    stage.organization({ plan: 'FREE' })
    await times(12, () => send())
    expect(stage.ends()).toEqual([...Array(10).fill('mail sent'), 'mail rate_limit', 'mail rate_limit'])
    await stage.advance(60 * MINUTE_MS)
    await send()
    expect(stage.ends().at(-1)).toBe('mail sent')
  })

  it('whose addresses fail reports no channel as failing', async () => {
    stage.answerWith(() => FAILED)
    await send()
    for (const minutes of [1, 5, 15, 39]) await stage.advance(minutes * MINUTE_MS)
    expect(stage.ends()).toEqual(['mail failed'])
    expect(stage.reports).toEqual([])
  })
})

describe('a system notice', () => {
  it('goes to the channels of its kind, each under its own id; an empty list turns it off', async () => {
    stage.channel('ops')
    stage.preferences({ quota: ['chn_ops', 'chn_gone'], replay_finished: [] })
    await stage.notify({ channelId: null, kind: 'quota', sourceKind: 'system' })
    await stage.notify({ channelId: null, kind: 'replay_finished', sourceKind: 'system' })
    const id = await stage.notify({ channelId: null, kind: 'webhook_failing', sourceKind: 'system' })
    expect(stage.ends()).toEqual(['ops sent', 'in-app sent', 'account-owner sent'])
    expect(new Set(stage.steps.map(each => each.id)).size).toBe(3)
    expect(stage.sent.at(-1)).toMatchObject({ channel: 'account-owner', id })
  })

  it('that repeats itself is left out without a trace', async () => {
    stage.channel('ops')
    stage.preferences({ dead_letters: ['chn_ops'] })
    const repeated = { channelId: null, kind: 'dead_letters', sourceKind: 'system', dedupeKey: 'x' } as const
    await times(3, () => stage.notify({ ...repeated, dedupeMs: 86_400_000 }))
    expect(stage.ends()).toEqual(['ops sent'])
    expect(stage.steps).toHaveLength(2)
  })
})

describe('a channel that fails', () => {
  it('is tried five times over an hour; it is failing then, once, and healthy after the next success', async () => {
    stage.channel('ops')
    stage.answerWith(() => FAILED)
    await stage.notify()
    for (const minutes of [1, 5, 15, 39]) await stage.advance(minutes * MINUTE_MS)
    await stage.advance(120 * MINUTE_MS)
    const startMs = stage.sent[0]!.atMs
    expect(stage.sent.map(({ atMs }) => (atMs - startMs) / MINUTE_MS)).toEqual([0, 1, 6, 21, 60])
    expect(stage.announced).toEqual(['ntf_1 ops failed 5'])
    expect(stage.reports).toEqual(['ops failing'])
    expect([...stage.state.keys()].filter(key => key.startsWith('pending/'))).toEqual([])
    stage.answerWith(() => ({ ...FAILED, handed: 'sent' }))
    await stage.notify()
    expect(stage.reports).toEqual(['ops failing', 'ops healthy'])
    expect(stage.ended).toEqual(['generic_webhook failed', 'generic_webhook sent'])
  })

  it('is left alone for as long as it asks, an hour at most', async () => {
    stage.channel('ops')
    const waits = [20 * MINUTE_MS, 300 * MINUTE_MS]
    stage.answerWith(() => ({ ...FAILED, responseStatus: 429, retryAfterMs: waits.shift() }))
    await stage.notify()
    await stage.advance(19 * MINUTE_MS)
    expect(stage.sent).toHaveLength(1)
    await stage.advance(MINUTE_MS)
    await stage.advance(59 * MINUTE_MS)
    expect(stage.sent).toHaveLength(2)
    await stage.advance(MINUTE_MS)
    expect(stage.sent).toHaveLength(3)
  })

  it('and wants no more is failing at once', async () => {
    stage.channel('ops')
    stage.answerWith(() => ({ ...FAILED, handed: 'gone', responseStatus: 410 }))
    await stage.notify()
    expect([stage.sent.length, stage.ends(), stage.reports]).toEqual([1, ['ops failed'], ['ops failing']])
  })

  it('and is switched off or deleted meanwhile ends its notifications', async () => {
    stage.channel('ops')
    stage.answerWith(() => FAILED)
    await stage.notify()
    stage.channel('ops', { active: false })
    await stage.advance(MINUTE_MS)
    expect([stage.sent.length, stage.ends()]).toEqual([1, ['ops inactive']])
  })

  it('holds at most 500 notifications; the others of its organization and other channels go on', async () => {
    stage.channel('ops', { rateLimit: { max: 1_000, perMinutes: 1 } })
    stage.channel('other')
    stage.answerWith(({ name }) => (name === 'ops' ? FAILED : { ...FAILED, handed: 'sent' }))
    await times(510, () => stage.notify())
    await stage.notify({ channelId: 'chn_other' })
    const suppressed = stage.ends().filter(end => end === 'ops rate_limit')
    expect([suppressed.length, stage.ends().at(-1)]).toEqual([10, 'other sent'])
  })

  it('and hangs delays no other channel', async () => {
    stage.channel('ops')
    stage.channel('other')
    stage.answerWith(({ name }) => (name === 'ops' ? new Promise(() => undefined) : { ...FAILED, handed: 'sent' }))
    await times(20, () => stage.notify())
    await stage.notify({ channelId: 'chn_other' })
    expect(stage.ends()).toEqual(['other sent'])
    expect(stage.sent.filter(({ channel }) => channel === 'ops')).toHaveLength(2)
  })
})

describe('a crash', () => {
  it('before the commit sends nothing, and the notification is read again', async () => {
    stage.channel('ops')
    await stage.notify({ id: 'ntf_x' }, { commit: false })
    stage.crash()
    await stage.settle()
    expect([stage.sent, stage.steps, [...stage.state.keys()]]).toEqual([[], [], []])
  })

  it('during a try sends it again under the same id, and never not at all', async () => {
    stage.channel('ops')
    stage.answerWith(() => new Promise(() => undefined))
    const id = await stage.notify()
    stage.crash()
    stage.answerWith(() => ({ ...FAILED, handed: 'sent' }))
    stage.open()
    await stage.settle()
    expect(stage.sent.map(each => each.id)).toEqual([id, id])
    expect(stage.ends()).toEqual(['ops sent'])
  })

  it('between two tries goes on with the schedule', async () => {
    stage.channel('ops')
    stage.answerWith(() => FAILED)
    await stage.notify()
    await stage.advance(MINUTE_MS)
    stage.crash()
    stage.open()
    await stage.advance(4 * MINUTE_MS)
    expect(stage.sent).toHaveLength(2)
    await stage.advance(MINUTE_MS)
    expect(stage.sent).toHaveLength(3)
  })
})

describe('a drain', () => {
  it('waits for the answer of a try in flight, so that the next owner does not repeat it', async () => {
    stage.channel('ops')
    const answered = Promise.withResolvers<typeof FAILED>()
    stage.answerWith(() => answered.promise)
    await stage.notify()
    const draining = stage.drain()
    answered.resolve({ ...FAILED, handed: 'sent' })
    await draining
    stage.open()
    await stage.settle()
    expect([stage.sent.length, stage.ends()]).toEqual([1, ['ops sent']])
  })
})

describe('a repetition of a call', () => {
  it('under the same id is left out for a day, after a restart too', async () => {
    stage.channel('ops')
    await stage.notify({ id: 'ntf_x', isRepeatable: true })
    stage.crash()
    stage.open()
    await stage.notify({ id: 'ntf_x', isRepeatable: true })
    expect([stage.sent.length, stage.steps.length]).toEqual([1, 2])
  })
})

describe('the state', () => {
  it('keeps nothing of what no longer decides anything', async () => {
    stage.channel('ops', { rateLimit: { max: 5, perMinutes: 1 } })
    await times(5, at => stage.notify({ dedupeKey: `key ${at}` }))
    expect(stage.state.size).toBeGreaterThan(5)
    await stage.advance(16 * MINUTE_MS)
    expect([...stage.state.keys()]).toEqual([])
  })

  it('keeps nothing of a deleted organization, and nothing more is sent for it', async () => {
    stage.channel('ops')
    stage.answerWith(() => FAILED)
    await stage.notify({ dedupeKey: 'a' })
    stage.organization({ status: 'deleted' })
    await stage.notify()
    await stage.advance(MINUTE_MS)
    await stage.advance(MINUTE_MS)
    expect([stage.sent.length, [...stage.state.keys()]]).toEqual([1, []])
  })
})

describe('a channel that was just made', () => {
  it('is found, though the view of the shard is behind', async () => {
    const id = await stage.notify({ controlOffset: stage.view.appliedOffset + 1 })
    expect([stage.steps, stage.pauses()]).toEqual([[], 1])
    stage.channel('ops')
    await stage.settle()
    expect([stage.ends(), stage.sent[0]!.id]).toEqual([['ops sent'], id])
  })

  it('and does not show up within two seconds holds nobody up', async () => {
    stage.channel('other')
    await stage.notify({ controlOffset: 1_000 })
    await stage.notify({ channelId: 'chn_other' })
    await stage.advance(2_000)
    expect(stage.ends()).toEqual(['ops inactive', 'other sent'].map(end => end.replace('ops', 'chn_ops')))
  })
})
