import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createProgress, type OpenRecord, type Progress } from '../../../processors/deliver/state/progress.ts'
import { BLOCK_OFFSETS, deliveryPositionCodec, deliveryStateKeys } from '../../../topics/delivery-state.ts'

const TOPIC = 'deliveries'

/**
 * A log with gaps, the changelog as compaction would leave it, and beside them the parts known to have ended, one at a
 * time.
 */
class World {
  log: Array<{ offset: number; parts: number }> = []
  changelog = new Map<string, Buffer>()
  /** `offset/part` that ended, as of now and as of the last seal. */
  ended = new Set<string>()
  committed = new Set<string>()
  progress: Progress = createProgress(TOPIC)
  open: Array<{ record: OpenRecord; part: number }> = []
  read = 0

  append(gap: number, parts: number) {
    this.log.push({ offset: (this.log.at(-1)?.offset ?? -1) + gap, parts })
  }

  /** Begins the next record and expects exactly its unended parts to be open. */
  readOne() {
    const next = this.log[this.read]
    if (!next) return
    this.read++
    const { offset, parts } = next
    const all = Array.from({ length: parts }, (_, part) => part)
    const left = all.filter(part => !this.ended.has(`${offset}/${part}`))
    const record = this.progress.begin({ offset }, parts)
    if (left.length === 0) {
      expect(record).toBeUndefined()
      return
    }
    expect(record!.open).toBe(left.length)
    expect(all.filter(part => !record!.ended.includes(part))).toEqual(left)
    for (const part of left) this.open.push({ record: record!, part })
  }

  end(choice: number) {
    if (this.open.length === 0) return
    const [{ record, part }] = this.open.splice(choice % this.open.length, 1) as [{ record: OpenRecord; part: number }]
    this.progress.end(record, part)
    this.ended.add(`${record.offset}/${part}`)
  }

  seal() {
    const before = this.storedPosition()
    for (const { key, value } of this.progress.seal(0)) {
      if (value === null) this.changelog.delete(String(key))
      else this.changelog.set(String(key), value as Buffer)
    }
    this.committed = new Set(this.ended)
    expect(this.storedPosition()).toBe(this.expectedPosition(before))
    for (const key of this.changelog.keys()) {
      const stands = deliveryStateKeys.parse(key)!
      if ('done' in stands) expect((stands.block + 1) * BLOCK_OFFSETS).toBeGreaterThan(this.storedPosition())
    }
  }

  crash() {
    this.ended = new Set(this.committed)
    this.open = []
    this.progress = createProgress(TOPIC)
    for (const [key, value] of this.changelog) {
      const stands = deliveryStateKeys.parse(key)!
      if ('position' in stands) this.progress.restorePosition(value)
      if ('done' in stands) this.progress.restoreBlock(stands.block, value)
    }
    const from = this.progress.position() ?? 0
    this.read = this.log.findIndex(({ offset }) => offset >= from)
    if (this.read < 0) this.read = this.log.length
  }

  storedPosition() {
    const value = this.changelog.get(deliveryStateKeys.ofPosition(TOPIC))
    return value ? deliveryPositionCodec.decode(value).nextOffset : 0
  }

  /**
   * The naive answer: the first record read that has an unended part, else just after the last one read; never back.
   */
  expectedPosition(before: number) {
    const readSoFar = this.log.slice(0, this.read)
    const first = readSoFar.find(({ offset, parts }) => {
      return Array.from({ length: parts }, (_, part) => part).some(part => !this.ended.has(`${offset}/${part}`))
    })
    return first?.offset ?? Math.max(before, (readSoFar.at(-1)?.offset ?? -1) + 1)
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), gap: fc.integer({ min: 1, max: 300 }), parts: fc.integer({ min: 1, max: 4 }) }) }, // biome-ignore format: one kind a line
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('end' as const), choice: fc.nat(10_000) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'seal' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
)

describe('progress', () => {
  it('whatever ends in whatever order, after a crash exactly what had not ended in a committed transaction is open again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), steps => {
        const world = new World()
        for (const each of steps) {
          if (each.kind === 'read') {
            if (world.read === world.log.length) world.append(each.gap, each.parts)
            world.readOne()
          } else if (each.kind === 'end') world.end(each.choice)
          else if (each.kind === 'seal') world.seal()
          else world.crash()
        }
        while (world.read < world.log.length) world.readOne()
        while (world.open.length > 0) world.end(0)
        world.seal()
        expect(world.storedPosition()).toBe((world.log.at(-1)?.offset ?? -1) + 1)
        expect([...world.changelog.keys()].filter(key => key.startsWith('done/')).length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })

  it('writes nothing but the position while records end in order', () => {
    const progress = createProgress(TOPIC)
    for (let offset = 0; offset < 5_000; offset++) {
      progress.end(progress.begin({ offset }, 1)!, 0)
      if (offset % 50 === 49)
        expect(progress.seal(0).map(record => record.key)).toEqual([deliveryStateKeys.ofPosition(TOPIC)])
    }
  })
})
