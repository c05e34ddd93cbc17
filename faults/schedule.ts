/** Which fault comes when: drawn from the seed alone, so that a failing run can be run again. */
import type { Clock } from '../src/clock.ts'
import type { FaultyBackends } from './backends.ts'
import type { Chance } from './chance.ts'
import type { Fleet } from './fleet.ts'
import type { Receivers } from './receivers.ts'
import type { World } from './world.ts'

export interface Fault {
  kind: string
  /** How often it is drawn, beside the others. */
  weight: number
  /** Breaks something and repairs it; resolves when what it does itself is over. Answers what it did. */
  strike(chance: Chance): Promise<string>
}

export interface Struck {
  atS: number
  what: string
}

/** Session timeouts are 6 s: whoever sleeps longer wakes up as a zombie. */
const ZOMBIE_MS = { from: 7_000, to: 11_000 }
const CLOCK_SHIFT_MS = 90_000

export function faultsOf(deps: { fleet: Fleet; backends: FaultyBackends; receivers: Receivers; world: World; clock: Clock }): Fault[] {
  const { fleet, backends, receivers, world, clock } = deps
  const signal = (kind: string, name: NodeJS.Signals, weight: number): Fault => ({
    kind,
    weight,
    async strike(chance) {
      const slot = chance.pick(fleet.slots)
      slot.kill(name)
      return `${name} to ${slot.name}`
    },
  })
  const forAWhile = (kind: string, weight: number, from: number, to: number, what: (ms: number) => Promise<void>): Fault => ({
    kind,
    weight,
    async strike(chance) {
      const ms = chance.between(from, to)
      await what(ms)
      return `${kind} for ${(ms / 1000).toFixed(1)} s`
    },
  })
  const faults: Fault[] = [
    signal('kill', 'SIGKILL', 6),
    signal('term', 'SIGTERM', 2),
    {
      kind: 'stop',
      weight: 2,
      async strike(chance) {
        const slot = chance.pick(fleet.slots.filter(each => each.role !== 'api'))
        const ms = chance.between(ZOMBIE_MS.from, ZOMBIE_MS.to)
        slot.kill('SIGSTOP')
        await clock.sleep(ms)
        slot.kill('SIGCONT')
        return `SIGSTOP of ${slot.name} for ${(ms / 1000).toFixed(1)} s`
      },
    },
    {
      kind: 'clock',
      weight: 1,
      async strike(chance) {
        const slot = chance.pick(fleet.slots.filter(each => each.role === 'admit' || each.role === 'deliver'))
        const shift = chance.between(-CLOCK_SHIFT_MS, CLOCK_SHIFT_MS)
        await slot.shiftClock(shift)
        return `the clock of ${slot.name} is ${shift} ms off`
      },
    },
    { kind: 'broker-kill', weight: 1, strike: () => backends.killBroker().then(() => 'kill -9 of the broker') },
    { kind: 'broker-restart', weight: 1, strike: () => backends.restartBroker().then(() => 'the broker is stopped and started') },
    { kind: 'clickhouse-kill', weight: 1, strike: () => backends.killClickHouse().then(() => 'kill -9 of ClickHouse') },
    forAWhile('clickhouse-away', 1, 1_000, 8_000, ms => backends.stopClickHouse(ms)),
    forAWhile('receivers', 2, 500, 4_000, ms => receivers.goAway(ms)),
    forAWhile('receivers', 2, 1_000, 6_000, ms => receivers.die(ms)),
    {
      kind: 'organization',
      weight: 1,
      async strike() {
        const member = await world.join('PRO', [{ manner: 'good' }])
        return `${member.slug} joins`
      },
    },
    {
      kind: 'plan',
      weight: 1,
      async strike(chance) {
        const member = chance.pick(world.members.filter(each => each.plan === 'PRO' || each.plan === 'ENTERPRISE'))
        await world.changePlan(member, member.plan === 'PRO' ? 'ENTERPRISE' : 'PRO')
        return `${member.slug} is on ${member.plan} now`
      },
    },
  ]
  if (backends.diskCannotFill === undefined) faults.push(forAWhile('disk-full', 1, 2_000, 6_000, ms => backends.fillDisk(ms)))
  return faults
}

/** One fault after the other until the time is over. */
export async function strike(deps: {
  faults: Fault[]
  chance: Chance
  clock: Clock
  everyS: number
  seconds: number
  say(sentence: string): void
}): Promise<Struck[]> {
  const { clock, chance } = deps
  const drawn = deps.faults.flatMap(fault => Array.from({ length: fault.weight }, () => fault))
  const struck: Struck[] = []
  const startedAtMs = clock.monotonicMs()
  const sinceS = () => (clock.monotonicMs() - startedAtMs) / 1000
  for (;;) {
    await clock.sleep(1000 * deps.everyS * (0.5 + chance.next()))
    if (sinceS() >= deps.seconds) return struck
    const atS = sinceS()
    const what = await chance.pick(drawn).strike(chance.fork(String(struck.length)))
    struck.push({ atS, what })
    deps.say(`${atS.toFixed(0).padStart(4)} s  ${what}`)
  }
}
