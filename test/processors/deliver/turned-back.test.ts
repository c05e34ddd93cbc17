/** Progress over a log that is cut or made anew: offsets name other records then. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createProgress, type OpenRecord, type Progress } from '../../../processors/deliver/state/progress.ts'
import {
  BLOCK_OFFSETS,
  deliveryPositionCodec,
  deliveryStateKeys,
  doneBlockCodec,
} from '../../../topics/delivery-state.ts'

const TOPIC = 'deliveries'

interface Entry {
  offset: number
  leaderEpoch: number
  parts: number
}

/**
 * The log, a reader that goes back to where two logs diverge, or a little before, and the ended parts, by topic, epoch,
 * offset and part.
 */
class World {
  log: Entry[] = []
  logEnd = 0
  topicId = 'a'
  leaderEpoch = 0
  changelog = new Map<string, Buffer>()
  ended = new Set<string>()
  committed = new Set<string>()
  progress: Progress = createProgress(TOPIC)
  open: Array<{ record: OpenRecord; part: number; name: string }> = []
  /** The reader's next offset. */
  next = 0
  /** The lowest offset where the log differs, as long as the stored state does not have it. */
  cutAt = Number.POSITIVE_INFINITY
  isCutRead = true

  name = ({ offset, leaderEpoch }: Entry, part: number) => `${this.topicId}/${leaderEpoch}/${offset}/${part}`

  append(gap: number, parts: number): void {
    const offset = this.logEnd + gap - 1
    this.log.push({ offset, leaderEpoch: this.leaderEpoch, parts })
    this.logEnd = offset + 1
  }

  cut(choice: number, before: number): void {
    const from = this.log[choice % this.log.length]?.offset
    if (from === undefined) return
    this.log = this.log.filter(({ offset }) => offset < from)
    this.logEnd = from
    this.leaderEpoch++
    if (this.next > from) this.next = Math.max(0, from - before)
    this.cutAt = Math.min(this.cutAt, from)
    this.isCutRead = false
  }

  replace(): void {
    this.log = []
    this.logEnd = this.leaderEpoch = 0
    this.topicId += 'a'
    this.next = this.cutAt = 0
    this.isCutRead = false
  }

  readOne(): void {
    const entry = this.log.find(({ offset }) => offset >= this.next)
    if (!entry) return
    this.next = entry.offset + 1
    this.isCutRead ||= entry.leaderEpoch === this.leaderEpoch
    const record = { topic: TOPIC, partition: 0, timestampMs: 0, key: null, value: null, headers: {}, ...entry }
    this.progress.follow([record], { topicId: this.topicId, leaderEpoch: entry.leaderEpoch })
    const begun = this.progress.begin(record, entry.parts)
    for (let part = 0; begun && part < entry.parts; part++) {
      if (!begun.ended.includes(part)) this.open.push({ record: begun, part, name: this.name(entry, part) })
    }
  }

  /**
   * As a cancellation does it with records that wait in a retry topic: whole records, wherever the reader is; of the
   * current log.
   */
  endAhead(choice: number): void {
    if (!this.isCutRead) return
    const unread = this.log.filter(({ offset, parts }) => parts === 1 && offset >= this.progress.nextOffset())
    const entry = unread[choice % Math.max(1, unread.length)]
    const begun = entry && this.progress.ahead(entry)
    if (!begun) return
    this.progress.end(begun, 0)
    this.ended.add(this.name(entry, 0))
  }

  end(choice: number): void {
    const [one] = this.open.splice(choice % Math.max(1, this.open.length), 1)
    if (!one) return
    expect(this.ended).not.toContain(one.name)
    this.ended.add(one.name)
    this.progress.end(one.record, one.part)
  }

  seal(): void {
    for (const { key, value } of this.progress.seal(0)) {
      if (value === null) this.changelog.delete(String(key))
      else this.changelog.set(String(key), value as Buffer)
    }
    this.committed = new Set(this.ended)
    if (this.isCutRead) this.cutAt = Number.POSITIVE_INFINITY
  }

  crash(): void {
    this.ended = new Set(this.committed)
    this.open = []
    this.progress = createProgress(TOPIC)
    for (const [key, value] of this.changelog) {
      const stands = deliveryStateKeys.parse(key)!
      if ('position' in stands) this.progress.restorePosition(value)
      if ('done' in stands) this.progress.restoreBlock(stands.block, value)
    }
    this.next = Math.min(this.progress.position() ?? 0, this.cutAt)
    this.isCutRead = this.cutAt === Number.POSITIVE_INFINITY
  }

  /** Every record now in the log has ended or is open, once. */
  settle(): void {
    while (this.log.some(({ offset }) => offset >= this.next)) this.readOne()
    const left = this.log.flatMap(entry => Array.from({ length: entry.parts }, (_, part) => this.name(entry, part)))
    const isHere = new Set(left)
    const open = this.open.map(({ name }) => name).filter(name => isHere.has(name))
    expect(open.sort()).toEqual(left.filter(name => !this.ended.has(name)).sort())
  }
}

const gap = fc.integer({ min: 1, max: 400 })
const parts = fc.integer({ min: 1, max: 3 })
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), gap, parts }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'read' as const }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('end' as const), choice: fc.nat(10_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ahead' as const), choice: fc.nat(10_000) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'seal' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), choice: fc.nat(10_000), before: fc.nat(1_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'replace' as const }) },
)

describe('progress over a log that becomes another one', () => {
  it('begins each record that is in the log, and none that has ended, whatever is cut, made anew, sealed and lost in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), steps => {
        const world = new World()
        for (const each of steps) {
          if (each.kind === 'append') world.append(each.gap, each.parts)
          else if (each.kind === 'read') world.readOne()
          else if (each.kind === 'end') world.end(each.choice)
          else if (each.kind === 'ahead') world.endAhead(each.choice)
          else if (each.kind === 'seal') world.seal()
          else if (each.kind === 'crash') world.crash()
          else if (each.kind === 'cut') world.cut(each.choice, each.before)
          else world.replace()
        }
        world.settle()
        while (world.open.length > 0) world.end(0)
        world.append(1, 1)
        world.settle()
        world.end(0)
        world.seal()
        expect([...world.changelog.keys()].filter(key => key.startsWith('done/')).length).toBeLessThanOrEqual(1)
        world.crash()
        world.settle()
        expect(world.open).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('trusts the state of an earlier release, which named neither topics nor epochs', () => {
    const progress = createProgress(TOPIC)
    const ended = Buffer.alloc(BLOCK_OFFSETS / 8)
    ended[1] = 1
    progress.restorePosition(deliveryPositionCodec.encode({ nextOffset: 5, topicId: null, leaderEpoch: -1 }))
    progress.restoreBlock(0, doneBlockCodec.encode({ ended, partial: [], leaderEpoch: -1 }))
    expect(progress.known()).toEqual({ leaderEpoch: -1 })
    const records = [5, 8].map(offset => ({ topic: TOPIC, partition: 0, offset, leaderEpoch: 7, timestampMs: 0, key: null, value: null, headers: {} })) // biome-ignore format: one thought
    expect(progress.follow(records, { topicId: 'a', leaderEpoch: 7 })).toBeUndefined()
    expect(progress.begin(records[0]!, 1)).toBeDefined()
    expect(progress.begin(records[1]!, 1)).toBeUndefined()
  })
})
