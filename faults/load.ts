/**
 * A constant arrival of emits of every kind, over HTTP and straight into Kafka. Unanswered emits are repeated under the same idempotency key, as
 * a careful producer does; what was acknowledged is kept, to be looked for at the end.
 */
import type { Clock } from '../src/clock.ts'
import type { Appender } from '../src/kafka/ports.ts'
import { emits } from '../topics/emits.ts'
import type { Chance } from './chance.ts'
import { fingerprint } from './fingerprint.ts'
import type { Answer, Member, World } from './world.ts'

/** An answer that promises something. */
export interface Acknowledged {
  member: Member
  /** Undefined for a record that was produced straight into Kafka. */
  emitId: string | undefined
  eventId: string | undefined
  key: string | undefined
  outcome: 'accepted' | 'pending' | 'duplicate' | 'rejected'
  code: string | undefined
}

export interface Load {
  acknowledged: Acknowledged[]
  /** Everything that was ever tried, acknowledged or not: fingerprints of the payloads by `sentKey`. */
  sent: Map<string, string>
  /** Calls and records so far, and how many calls had to be repeated. */
  counts: { calls: number; records: number; repeated: number; givenUp: number; late: number }
  stop(): Promise<void>
}

export const sentKey = (member: Member, key: string | null): string => `${member.id}/${member.environment}/${key}`

const UNDER_WAY_MAX = 300
const PERSIST_MS = 60_000
const SUBJECTS = 5

export function startLoad(deps: {
  world: World
  appender: Appender
  clock: Clock
  chance: Chance
  ratePerS: number
}): Load {
  const { world, clock, chance } = deps
  const load: Omit<Load, 'stop'> = {
    acknowledged: [],
    sent: new Map(),
    counts: { calls: 0, records: 0, repeated: 0, givenUp: 0, late: 0 },
  }
  const underWay = new Set<Promise<void>>()
  const keysOf = new Map<string, Array<{ key: string; body: ReturnType<typeof body> }>>()
  let stopped = false
  let n = 0

  const loop = run()
  async function run(): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    for (let at = 0; !stopped; at++) {
      const dueAtMs = startedAtMs + (at * 1000) / deps.ratePerS
      const waitMs = dueAtMs - clock.monotonicMs()
      if (waitMs > 0) await clock.sleep(waitMs)
      if (underWay.size >= UNDER_WAY_MAX) {
        load.counts.late++
        continue
      }
      start(once())
      if (at % 5 === 0) start(produce())
    }
  }

  function start(work: Promise<void>): void {
    const tracked = work.catch(() => undefined).finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  function body(member: Member): { name: string; payload: object; subject?: string } {
    const number = ++n
    const subject = `s${chance.between(1, SUBJECTS)}`
    if (chance.happens(0.1)) return { name: member.eventName ?? 'platformxe.generic', payload: { n: 'not a number' } }
    if (member.eventName === undefined || chance.happens(0.3))
      return { name: 'platformxe.generic', payload: { kind: 'k', data: { n: number } }, subject }
    return { name: member.eventName, payload: { n: number, note: 'x'.repeat(chance.between(0, 900)) }, subject }
  }

  /** One call: an emit, a batch, or a repetition of an earlier one. */
  async function once(): Promise<void> {
    const member = chance.pick(world.members)
    load.counts.calls++
    const earlier = keysOf.get(sentKey(member, null))
    if (earlier && earlier.length > 0 && chance.happens(0.1)) {
      const { key, body: same } = chance.pick(earlier)
      return settle(member, key, same)
    }
    if (chance.happens(0.1)) return batch(member)
    const key = `k${n}-${chance.between(0, 1e9)}`
    const fresh = body(member)
    await settle(member, key, fresh)
    const list = earlier ?? []
    list.push({ key, body: fresh })
    if (list.length > 200) list.shift()
    keysOf.set(sentKey(member, null), list)
  }

  async function settle(member: Member, key: string, content: ReturnType<typeof body>): Promise<void> {
    send(member, key, JSON.stringify(content.payload))
    const headers: Record<string, string> = chance.happens(0.05) ? { prefer: 'respond-async' } : {}
    const answer = await persistently(() =>
      world.call(member.apiKey, 'POST', '/api/v1/events/custom/emit', { ...content, idempotencyKey: key }, headers),
    )
    if (answer) note(member, key, answer.status, answer.body, answer.headers.get('x-emit-id') ?? undefined)
  }

  async function batch(member: Member): Promise<void> {
    const keys = Array.from({ length: 5 }, () => `b${++n}-${chance.between(0, 1e9)}`)
    const items = keys.map(key => ({ ...body(member), idempotencyKey: key }))
    for (const { idempotencyKey, payload } of items) send(member, idempotencyKey, JSON.stringify(payload))
    const answer = await persistently(() =>
      world.call(member.apiKey, 'POST', '/api/v1/events/custom/emit/batch', { items }),
    )
    if (answer?.status !== 200) return
    const { results } = answer.body.data as {
      results: Array<{ status: number; emitId?: string; error?: { code: string } }>
    }
    for (const [index, result] of results.entries()) {
      // An emit with a 5xx may have been accepted: the answer promises nothing.
      if (result.status < 500)
        note(
          member,
          keys[index]!,
          result.status,
          { data: result, ...(result.error ? { error: result.error } : {}) },
          result.emitId,
        )
    }
  }

  const send = (member: Member, key: string, payload: string) =>
    load.sent.set(sentKey(member, key), fingerprint(payload))

  /** Repeats what failed on the way or was answered with 5xx; the key makes that harmless. */
  async function persistently(call: () => Promise<Answer>): Promise<Answer | undefined> {
    const deadline = clock.monotonicMs() + PERSIST_MS
    for (;;) {
      const answer = await call().catch(() => undefined)
      if (answer && answer.status < 500) return answer
      if (clock.monotonicMs() > deadline) {
        load.counts.givenUp++
        return undefined
      }
      load.counts.repeated++
      await clock.sleep(200 + 600 * chance.next())
    }
  }

  function note(
    member: Member,
    key: string,
    status: number,
    { data, error }: Answer['body'],
    rejectedId: string | undefined,
  ): void {
    const told = (data ?? {}) as { emitId?: string; eventId?: string; deduplicated?: boolean; verdict?: string }
    const { emitId = rejectedId, eventId, deduplicated, verdict } = told
    const outcome =
      error || status >= 300 ? 'rejected' : verdict === 'pending' ? 'pending' : deduplicated ? 'duplicate' : 'accepted'
    load.acknowledged.push({ member, emitId, eventId, key, outcome, code: error?.code })
  }

  /** As an organization's own producer: no tag, no answer; an acknowledgement is the broker's. */
  async function produce(): Promise<void> {
    const member = chance.pick(world.members.filter(({ environment }) => environment === 'live'))
    const key = `p${++n}-${chance.between(0, 1e9)}`
    const subject = `s${chance.between(1, SUBJECTS)}`
    const payload = chance.happens(0.1) ? '{"kind":' : JSON.stringify({ kind: 'k', data: { n } })
    load.counts.records++
    send(member, key, payload)
    try {
      await deps.appender.append({
        topic: emits.nameFor(member.id, 'live'),
        partition: 0,
        key: subject,
        value: payload,
        headers: [
          ['name', 'platformxe.generic'],
          ['idempotency-key', key],
        ],
      })
      load.acknowledged.push({
        member,
        emitId: undefined,
        eventId: undefined,
        key,
        outcome: 'pending',
        code: undefined,
      })
    } catch {
      // Not acknowledged: it may be there or not.
    }
  }

  return {
    ...load,
    async stop() {
      stopped = true
      await loop
      await Promise.all(underWay)
    },
  }
}
