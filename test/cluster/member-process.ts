/**
 * A process that holds shards of a role and does nothing with them: it drains each for a while and gives it up. Every claim and every end of one is a
 * line of JSON on standard output; on a line of its standard input it says how its lease is, on `leave` it drains and leaves.
 */
import { createInterface } from 'node:readline'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { openLease } from '../../src/kafka/runtime/lease.ts'
import { SESSION_MS } from '../../src/kafka/runtime/session-time.ts'
import type { Logger } from '../../src/logger.ts'

export interface MemberOptions {
  kafka: KafkaSettings
  role: string
  instance: string
  drainMs: number
}

/** `atMs`: of the machine's clock. A process that was stopped has lost its lease before it could say so. */
export type MemberLine =
  | { what: 'claimed' | 'revoked' | 'ended'; atMs: number; shards: number[]; generation: number }
  | { what: 'lost' | 'found'; atMs: number }
  | { what: 'state'; state: string; reason: string | undefined; shards: number[]; isHeld: boolean }
  | { what: 'log'; level: string; message: string }

const { kafka, role, instance, drainMs } = JSON.parse(process.argv[2]!) as MemberOptions
const clock = createSystemClock()
const say = (line: MemberLine) => process.stdout.write(`${JSON.stringify(line)}\n`)

const CLAIMS: Record<string, 'claimed' | 'revoked' | 'ended'> = {
  'shards claimed': 'claimed',
  'shards revoked': 'revoked',
  'shards given up': 'ended',
}
const log = (level: string) => (facts: object, message: string) => {
  const what = CLAIMS[message]
  if (what === undefined) say({ what: 'log', level, message })
  else {
    const { atMs, shards, generation } = facts as { atMs: number; shards: number[]; generation: number }
    say({ what, atMs, shards, generation })
  }
}
const logger: Logger = {
  debug: () => undefined,
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
  child: () => logger,
}

const lease = openLease({
  kafka,
  role,
  clock,
  random: createSystemRandom(),
  logger,
  identity: { instance },
  events: {
    onGained: () => undefined,
    onRevoked: shards => releaseSoon(shards),
    onDropped: () => undefined,
    onLost: () =>
      say({
        what: 'lost',
        atMs: clock.machineMs() - Math.max(0, clock.monotonicMs() - lease.confirmedAtMs() - SESSION_MS),
      }),
    onFound: () => say({ what: 'found', atMs: clock.machineMs() }),
  },
})

function releaseSoon(shards: readonly number[]): void {
  clock.after(drainMs, () => {
    for (const shard of shards) lease.release(shard)
  })
}

createInterface({ input: process.stdin }).on('line', async line => {
  if (line === 'leave') {
    await lease.close()
    process.exit(0)
  }
  say({
    what: 'state',
    state: lease.state(),
    reason: lease.reason(),
    shards: lease.heldShards(),
    isHeld: lease.isHeld(),
  })
})
