/** The reference domain without a shard: one environment of one organization, a clock that moves by hand, every event kept. */
import { createBooks } from '../../src/domain/books.ts'
import type { Change, DomainEvent, Situation } from '../../src/domain/change.ts'
import { type CommandName, transitionOf } from '../../src/domain/commands.ts'
import type { DomainKind, Entry } from '../../src/domain/kinds.ts'
import { settle } from '../../src/domain/settle.ts'
import { ClarionError } from '../../src/model/codes.ts'

export type Desk = ReturnType<typeof createDesk>
type Shown = Record<string, unknown> & { id: string; revision: number; status: string }

const TIMINGS = { provisioningMs: 2_000, scalingMs: 2_000, certificateMs: 2_000 }

export function createDesk({
  environment = 'live',
  recordsMax = 1_000,
  endedMax = 1_000,
  charactersMax,
}: {
  environment?: 'live' | 'test'
  recordsMax?: number
  endedMax?: number
  charactersMax?: number
} = {}) {
  const books = createBooks({ endedMax, ...(charactersMax === undefined ? {} : { charactersMax }) })
  const events: DomainEvent[] = []
  let nowMs = 1_785_000_000_000
  let commands = 0

  function situation(seed: string): Situation {
    const facts = { books, environment, actorId: 'key_1', nowMs, seed, cause: null }
    return { ...facts, timings: TIMINGS, recordsMax }
  }

  function apply(change: Change): void {
    books.apply(change)
    events.push(...change.events)
  }

  function ask(name: string, body: object = {}, { id = '', part = '', ifMatch }: Named = {}) {
    const given = { id, part, body, expectedRevision: ifMatch }
    const { change, ...answer } = settle(name, given, books, situation(`req_${commands++}`))
    if (change !== undefined) apply(change)
    return answer
  }

  function nextDue(): Entry | undefined {
    const due = KINDS.flatMap(kind => [...books.all(kind)]).filter(({ dueAtMs }) => dueAtMs !== null)
    return due.sort((a, b) => a.dueAtMs! - b.dueAtMs!)[0] as Entry | undefined
  }

  return {
    books,
    events,
    types: () => events.map(({ type }) => type),
    ask,
    do: (name: CommandName, body: object = {}, named: Named = {}) => ask(name, body, named).body as Shown,
    /** The code of the refusal; undefined when it is none. */
    refused(name: CommandName, body: object = {}, named: Named = {}): string | undefined {
      try {
        ask(name, body, named)
        return undefined
      } catch (error) {
        if (error instanceof ClarionError) return error.code
        throw error
      }
    },
    get: (kind: DomainKind, id: string) => ask(`${kind}.get`, {}, { id }).body as Shown,
    /** Time passes, and what is due happens at its time. */
    pass(ms: number) {
      const untilMs = nowMs + ms
      for (let entry = nextDue(); entry !== undefined && entry.dueAtMs! <= untilMs; entry = nextDue()) {
        nowMs = Math.max(nowMs, entry.dueAtMs!)
        apply(transitionOf(entry, situation(`${entry.id}@${entry.revision}`))!)
      }
      nowMs = untilMs
    },
    nowMs: () => nowMs,
  }
}

interface Named {
  id?: string
  part?: string
  ifMatch?: number
}

const KINDS = ['order', 'cluster', 'domain'] as const
