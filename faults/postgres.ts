/** The PostgreSQL of the tables: killed, frozen, stopped, away. */
import { join } from 'node:path'
import { descendants, signalAll } from '../bench/processes.ts'
import type { Clock } from '../src/clock.ts'
import { readChild } from '../src/embedded/part-directory.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../src/embedded/postgres.ts'
import { again, sameAddress } from './same-address.ts'
import { type Fault, forAWhile } from './schedule.ts'

export interface FaultyPostgres {
  /** For `DATABASE_URL`. */
  url(): string
  faults(): Fault[]
  close(): Promise<void>
}

/** Within and beyond what a session waits for an answer to its login. */
const FROZEN_MS = { from: 2_000, to: 11_000 }
const AWAY_MS = { from: 1_000, to: 8_000 }

export async function startPostgres(deps: {
  dataDir: string
  clock: Clock
  say(sentence: string): void
}): Promise<FaultyPostgres> {
  const { dataDir, clock, say } = deps
  const once = () =>
    openEmbeddedPostgres({ dataDir, logger: { info: () => undefined, warn: say }, onExit: () => undefined })
  let server: EmbeddedPostgres = await once()
  const pid = () => readChild(join(dataDir, 'postgres'))!.pid
  const addressOf = ({ port }: EmbeddedPostgres) => String(port)

  async function startAgain(): Promise<void> {
    server = await sameAddress(addressOf(server), () => again('PostgreSQL', once, deps), addressOf)
  }

  async function kill(): Promise<void> {
    process.kill(pid(), 'SIGKILL')
    await server.close().catch(() => undefined)
    await startAgain()
  }

  async function stop(ms: number): Promise<void> {
    await server.close()
    await clock.sleep(ms)
    await startAgain()
  }

  /** Its sessions too: their connections stay open, and nothing is answered. */
  async function freeze(ms: number): Promise<void> {
    const all = [pid(), ...descendants(pid())]
    signalAll(all, 'SIGSTOP')
    await clock.sleep(ms)
    signalAll(all, 'SIGCONT')
  }

  return {
    url: () => `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${server.database}`,
    faults: () => [
      {
        ...{ kind: 'postgres-kill', weight: 2, breaks: 'postgres' },
        strike: () => kill().then(() => 'kill -9 of PostgreSQL'),
      },
      {
        ...{ kind: 'postgres-restart', weight: 1, breaks: 'postgres' },
        strike: () => stop(0).then(() => 'PostgreSQL is stopped and started'),
      },
      forAWhile({ kind: 'postgres-freeze', weight: 1, breaks: 'postgres', ...FROZEN_MS, what: freeze }),
      forAWhile({ kind: 'postgres-away', weight: 1, breaks: 'postgres', ...AWAY_MS, what: stop }),
    ],
    async close() {
      const running = readChild(join(dataDir, 'postgres'))
      if (running !== undefined) signalAll([running.pid, ...descendants(running.pid)], 'SIGCONT')
      await server.close()
    },
  }
}
