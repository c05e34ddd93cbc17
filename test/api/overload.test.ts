import { describe, expect, it } from '@jest/globals'
import { createLoadShedder } from '../../src/ingress/load-shedding.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const STEP_MS = 100
const WAITING_MAX = 20_000

interface Organization {
  id: string
  /** Emits that arrive, and that are judged at most, each step. */
  asks: number
  judges: number
}

/** Organizations that emit, and an admission that judges what is there in order, all in steps of a tenth of a second. */
function bench() {
  const clock = createManualClock()
  const ends = new Map<string, number>()
  const judged = new Map<string, number>()
  let shed = 0
  const positions = { position: (topic: string) => judged.get(topic) }
  const deleted = new Set<string>()
  const view = {
    organization: (id: string) => ({ status: deleted.has(id) ? ('deleted' as const) : ('active' as const) }),
  }
  const overload = createLoadShedder({ clock, positions, view, waitingMax: WAITING_MAX, onShed: () => shed++ })

  function ask(id: string): boolean {
    if (overload.refuses(id)) return false
    const offset = ends.get(id) ?? 0
    ends.set(id, offset + 1)
    overload.take(id, id, 0)(offset)
    return true
  }
  function step({ id, asks, judges }: Organization): number {
    let taken = 0
    for (let n = 0; n < asks; n++) if (ask(id)) taken++
    judged.set(id, Math.min(ends.get(id) ?? 0, (judged.get(id) ?? 0) + judges))
    return taken
  }
  return {
    overload,
    ask,
    shed: () => shed,
    /** How many of each organization's were taken. */
    run(steps: number, ...organizations: Organization[]): number[] {
      const taken = organizations.map(() => 0)
      for (let n = 0; n < steps; n++) {
        for (const [index, organization] of organizations.entries()) taken[index]! += step(organization)
        clock.advance(STEP_MS)
      }
      return taken
    },
    delete: (id: string) => void deleted.add(id),
    waitingOf: (id: string) => (ends.get(id) ?? 0) - (judged.get(id) ?? 0),
  }
}

const one = (asks: number, judges: number): Organization => ({ id: 'org_a', asks, judges })

describe('overload', () => {
  it('refuses no emit while all are judged, at any rate', () => {
    const { run, overload } = bench()
    expect(run(50, one(1_000, 1_000))).toEqual([50_000])
    expect(overload.shedding).toBe(false)
  })

  it('refuses no emit of a burst that is judged soon', () => {
    const { run } = bench()
    run(2, one(100, 0))
    run(10, one(100, 100))
    expect(run(1, one(3_000, 100))).toEqual([3_000])
    expect(run(4, one(100, 1_000))).toEqual([400])
  })

  it('refuses none of the few hundred that may always wait, however slowly they are judged', () => {
    const { run } = bench()
    expect(run(15, one(25, 5))).toEqual([375])
    expect(run(100, one(6, 5))).toEqual([600])
  })

  it('takes a batch of an organization while fewer than four full ones of it wait, and refuses single emits and more batches', () => {
    const { run, overload, ask } = bench()
    const waits = () => ['org_a', 'org_b'].map(id => [overload.refuses(id), overload.refuses(id, true)])
    run(30, one(400, 200))
    while (ask('org_a'));
    expect(waits()).toEqual([
      [true, false],
      [false, false],
    ])
    for (let n = 0; n < 4_000; n++) overload.take('org_a', 'org_a', 0)
    expect(waits()).toEqual([
      [true, true],
      [false, false],
    ])
  })

  it('lets no more wait than are judged in a second, at twice as many as can be judged', () => {
    const { run, overload, waitingOf } = bench()
    run(30, one(400, 200))
    expect(overload.shedding).toBe(true)
    for (let n = 0; n < 50; n++) {
      run(1, one(400, 200))
      expect(waitingOf('org_a')).toBeLessThan(2_000)
    }
  })

  it('takes as many as are judged meanwhile: shedding costs nothing of what admission can do', () => {
    const { run } = bench()
    run(60, one(400, 200))
    const [taken] = run(100, one(400, 200)) as [number]
    expect(taken).toBeGreaterThan(19_000)
    expect(taken).toBeLessThan(21_000)
  })

  it('refuses no emit from a second after the load has fallen, and ends a second later', () => {
    const { run, overload, waitingOf } = bench()
    run(50, one(400, 200))
    run(9, one(100, 200))
    expect(run(15, one(200, 200))).toEqual([3_000])
    expect(waitingOf('org_a')).toBeGreaterThan(200)
    expect(overload.shedding).toBe(false)
  })

  it('refuses an organization that floods, and takes the emits of another', () => {
    const { run } = bench()
    const flood = { id: 'org_flood', asks: 400, judges: 200 }
    const quiet = { id: 'org_quiet', asks: 2, judges: 200 }
    run(30, flood, quiet)
    const [flooded, calm] = run(50, flood, quiet) as [number, number]
    expect(calm).toBe(100)
    expect(flooded).toBeLessThan(11_000)
  })

  it('does not let one organization that is stuck behind much else take the room of the others', () => {
    const { run } = bench()
    const stuck = { id: 'org_stuck', asks: 100, judges: 1 }
    const busy = { id: 'org_busy', asks: 100, judges: 100 }
    const small = Array.from({ length: 20 }, (_, n) => ({ id: `org_${n}`, asks: 1, judges: 1 }))
    run(1, ...small.map(each => ({ ...each, judges: 0 })))
    expect(run(100, stuck, busy, ...small)[1]).toBe(10_000)
  })

  it('refuses no organization without any verdict, whatever the others do, until too many of its emits wait', () => {
    const { run, ask, shed } = bench()
    const moving = { id: 'org_moving', asks: 200, judges: 0 }
    const busy = { id: 'org_busy', asks: 100, judges: 100 }
    run(20, moving, busy)
    expect(run(50, moving, busy)).toEqual([10_000, 5_000])
    const before = shed()
    while (ask('org_moving'));
    expect(shed()).toBe(before + 1)
    // An organization with nothing waiting is not kept out by those with much.
    expect(ask('org_other')).toBe(true)
    run(200, { ...moving, asks: 0, judges: 1_000 })
    expect(ask('org_moving')).toBe(true)
  })

  it('takes the emits of an organization whose shard moves while others are refused, and ends when they recover', () => {
    const { run, overload } = bench()
    const moving = { id: 'org_moving', asks: 50, judges: 0 }
    const flood = { id: 'org_flood', asks: 400, judges: 200 }
    run(50, flood, moving)
    expect(overload.shedding).toBe(true)
    expect(run(20, flood, moving)[1]).toBe(1_000)
    run(20, { ...flood, asks: 100 }, moving)
    expect(overload.shedding).toBe(false)
  })

  it('does not count the queued emits of a deleted organization, except those under way to Kafka', () => {
    const { run, overload, delete: remove } = bench()
    run(30, one(400, 200), { id: 'org_b', asks: 10, judges: 10 })
    const appended = overload.take('org_a', 'org_a', 0)
    const lost = overload.take('org_a', 'org_a', 0)
    remove('org_a')
    run(30, { id: 'org_b', asks: 10, judges: 10 })
    expect(overload.waiting).toBe(2)
    appended(1_000_000)
    lost(undefined)
    run(30, { id: 'org_b', asks: 10, judges: 10 })
    expect(overload.waiting).toBe(0)
  })

  it('is not overload at once because the last one ended all of a sudden', () => {
    const { run, overload } = bench()
    while (!overload.shedding) run(1, one(400, 200))
    run(2, one(0, 100_000))
    run(100, one(1, 1))
    expect(run(1, one(3_000, 100))).toEqual([3_000])
    expect(overload.shedding).toBe(false)
    expect(run(4, one(100, 1_000))).toEqual([400])
  })

  it('forgets an emit that was not acknowledged', () => {
    const { overload } = bench()
    const appended = overload.take('org_a', 'org_a', 0)
    expect(overload.waiting).toBe(1)
    appended(undefined)
    expect(overload.waiting).toBe(0)
  })
})
