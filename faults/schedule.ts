/** Which fault comes when: drawn from the seed alone, so that a failing run can be run again. */

import { commandOf, descendants, signalAll } from '../bench/processes.ts'
import type { Clock } from '../src/clock.ts'
import { events } from '../topics/events.ts'
import type { FaultyBackends } from './backends.ts'
import { type Chance, createDeck } from './chance.ts'
import type { Fleet, Slot } from './fleet.ts'
import type { Receivers } from './receivers.ts'
import type { World } from './world.ts'

export interface Fault {
  kind: string
  /** How often it is drawn, beside the others. */
  weight: number
  /** The part that it breaks: two faults at the same time break different parts, or different processes. */
  breaks: 'process' | 'broker' | 'clickhouse' | 'postgres' | 'sandbox' | 'receivers' | 'nothing'
  /** Breaks something and repairs it; resolves when what it does itself is over. Answers what it did. */
  strike(chance: Chance): Promise<string>
}

export interface Struck {
  atS: number
  kind: string
  what: string
  /** Another one was struck at the same time. */
  together: boolean
}

/** Session timeouts are 6 s: a process that sleeps longer wakes up as a zombie. */
const ZOMBIE_MS = { from: 7_000, to: 11_000 }
/** Within and beyond what sessions and open transactions outlive. */
export const AWAY_MS = { from: 1_000, to: 15_000 }
const CLOCK_SHIFT_MS = 90_000
/** Other faults come meanwhile. */
const HANG_MS = { from: 60_000, to: 120_000 }
/** Of all strikes, those of two faults at once. */
const TWO_SHARE = 0.25

/** Breaks for a time drawn by chance. */
export function forAWhile({
  kind,
  weight,
  breaks,
  from,
  to,
  what,
}: Omit<Fault, 'strike'> & {
  from: number
  to: number
  what(ms: number): Promise<void>
}): Fault {
  return {
    ...{ kind, weight, breaks },
    async strike(chance) {
      const ms = chance.between(from, to)
      await what(ms)
      return `${kind} for ${(ms / 1000).toFixed(1)} s`
    },
  }
}

/** The log of an organization drawn by chance. */
function logOf({ members }: World, next: () => number): string {
  const { id, environment } = members[Math.floor(next() * members.length)]!
  return events.nameFor(id, environment)
}

export function faultsOf(deps: {
  fleet: Fleet
  backends: FaultyBackends
  receivers: Receivers
  world: World
  clock: Clock
  chance: Chance
}): Fault[] {
  const { fleet, backends, receivers, world, clock } = deps
  /** Every role in turn, and every process of it. */
  const targets = (name: string, roles: string[]) => {
    const chance = deps.chance.fork(name)
    const deck = createDeck(chance, roles)
    return (): Slot => chance.pick(fleet.of(deck.draw()))
  }
  const signal = (kind: string, name: NodeJS.Signals, weight: number): Fault => {
    const target = targets(kind, ROLES)
    return {
      kind,
      weight,
      breaks: 'process',
      async strike() {
        const slot = target()
        slot.kill(name)
        return `${name} to ${slot.name}`
      },
    }
  }
  const zombie = targets('stop', ROLES)
  const shifted = targets('clock', ['admit', 'deliver'])
  const faults: Fault[] = [
    signal('kill', 'SIGKILL', 6),
    signal('term', 'SIGTERM', 2),
    {
      ...{ kind: 'stop', weight: 3, breaks: 'process' },
      async strike(chance) {
        const slot = zombie()
        const ms = chance.between(ZOMBIE_MS.from, ZOMBIE_MS.to)
        slot.kill('SIGSTOP')
        await clock.sleep(ms)
        slot.kill('SIGCONT')
        return `SIGSTOP of ${slot.name} for ${(ms / 1000).toFixed(1)} s`
      },
    },
    {
      ...{ kind: 'clock', weight: 1, breaks: 'process' },
      async strike(chance) {
        const slot = shifted()
        const shift = chance.between(-CLOCK_SHIFT_MS, CLOCK_SHIFT_MS)
        await slot.shiftClock(shift)
        return `the clock of ${slot.name} is ${shift} ms off`
      },
    },
    ...backends.brokers.faults({ logOf: next => logOf(world, next) }),
    ...backends.postgres.faults(),
    sandboxes(fleet),
    {
      ...{ kind: 'clickhouse-kill', weight: 1, breaks: 'clickhouse' },
      strike: () => backends.killClickHouse().then(() => 'kill -9 of ClickHouse'),
    },
    forAWhile({
      kind: 'clickhouse-away',
      weight: 1,
      breaks: 'clickhouse',
      from: 1_000,
      to: 8_000,
      what: ms => backends.stopClickHouse(ms),
    }),
    forAWhile({
      kind: 'receivers',
      weight: 1,
      breaks: 'receivers',
      from: 500,
      to: 4_000,
      what: ms => receivers.goAway(ms),
    }),
    forAWhile({
      kind: 'receivers',
      weight: 1,
      breaks: 'receivers',
      from: 1_000,
      to: 6_000,
      what: ms => receivers.die(ms),
    }),
    {
      ...{ kind: 'hang', weight: 1, breaks: 'nothing' },
      async strike(chance) {
        const ms = chance.between(HANG_MS.from, HANG_MS.to)
        receivers.hang(ms)
        return `those that hang do so for ${(ms / 1000).toFixed(0)} s`
      },
    },
    {
      ...{ kind: 'organization', weight: 1, breaks: 'nothing' },
      async strike(chance) {
        const member = await world.join(chance.pick(['FREE', 'PRO']), [{ manner: 'good' }])
        return `${member.slug} joins on ${member.plan}`
      },
    },
    {
      ...{ kind: 'plan', weight: 1, breaks: 'nothing' },
      async strike(chance) {
        const changeable = world.members.filter(({ plan, environment }) => plan !== 'FREE' && environment === 'live')
        const member = chance.pick(changeable)
        await world.changePlan(member, member.plan === 'PRO' ? 'ENTERPRISE' : 'PRO')
        return `${member.slug} is on ${member.plan} now`
      },
    },
  ]
  if (backends.diskCannotFill === undefined)
    faults.push(
      forAWhile({
        kind: 'disk-full',
        weight: 1,
        breaks: 'clickhouse',
        from: 2_000,
        to: 6_000,
        what: ms => backends.fillDisk(ms),
      }),
    )
  return faults
}

/** The processes in which organizations' code runs, of all that run workflows. */
const sandboxes = (fleet: Fleet): Fault => ({
  ...{ kind: 'sandbox-kill', weight: 1, breaks: 'sandbox' },
  async strike() {
    const below = fleet.of('run').flatMap(({ pid }) => descendants(pid()))
    const found = below.filter(pid => commandOf(pid).includes(SANDBOX))
    signalAll(found, 'SIGKILL')
    return `kill -9 of ${found.length} sandboxes`
  },
})

const SANDBOX = '--permission'

const ROLES = ['admit', 'deliver', 'record', 'api', 'run', 'queue']

/** One strike after the other until the time is over; some of two faults at once. `after`: when a strike is over. */
export async function strike(deps: {
  faults: Fault[]
  chance: Chance
  clock: Clock
  everyS: number
  seconds: number
  /** Faults may come in twos. */
  twos: boolean
  say(sentence: string): void
  after(): Promise<void>
}): Promise<Struck[]> {
  const { clock, chance } = deps
  const deck = createDeck(
    chance.fork('deck'),
    deps.faults.flatMap(fault => Array.from({ length: fault.weight }, () => fault)),
  )
  const struck: Struck[] = []
  const startedAtMs = clock.monotonicMs()
  const sinceS = () => (clock.monotonicMs() - startedAtMs) / 1000
  for (let n = 0; ; n++) {
    await clock.sleep(1000 * deps.everyS * (0.5 + chance.next()))
    if (sinceS() >= deps.seconds) return struck
    const atS = sinceS()
    const first = deck.draw()
    const second = deps.twos && chance.happens(TWO_SHARE) ? deck.draw() : undefined
    const both =
      second !== undefined && (second.breaks !== first.breaks || first.breaks === 'process') ? [first, second] : [first]
    const whats = await Promise.all(both.map((fault, at) => fault.strike(chance.fork(`${n}/${at}`))))
    for (const [at, what] of whats.entries())
      struck.push({ atS, kind: both[at]!.kind, what, together: both.length > 1 })
    deps.say(`${atS.toFixed(0).padStart(4)} s  ${whats.join('  AND  ')}`)
    await deps.after()
  }
}
