/** One embedded broker: killed, stopped, away. */
import type { Clock } from '../src/clock.ts'
import { startEmbeddedKafka } from '../src/embedded/kafka.ts'
import type { ProgressLogger } from '../src/embedded/part-directory.ts'
import { cacheDirectory } from '../src/settings/config.ts'
import type { Brokers } from './brokers.ts'
import { again, sameAddress } from './same-address.ts'
import { AWAY_MS, forAWhile } from './schedule.ts'

const HEAP_MB = 512

export async function startOneBroker(deps: {
  dataDir: string
  clock: Clock
  logger: ProgressLogger
  say(sentence: string): void
}): Promise<Brokers> {
  const { dataDir, clock, logger } = deps
  const once = () =>
    startEmbeddedKafka({
      dataDir,
      cacheDir: cacheDirectory(),
      heapMb: HEAP_MB,
      profile: 'test',
      logger,
      onExit: () => undefined,
    })
  let kafka = await once()

  async function startAgain(): Promise<void> {
    kafka = await sameAddress(
      kafka.brokers.join(),
      () => again('Kafka', once, deps),
      started => started.brokers.join(),
    )
  }

  /** Away for so long, and for as long as it takes to start. */
  async function stop(ms: number): Promise<void> {
    await kafka.close()
    await clock.sleep(ms)
    await startAgain()
  }

  async function kill(): Promise<void> {
    process.kill(kafka.pid, 'SIGKILL')
    await kafka.close().catch(() => undefined)
    await startAgain()
  }

  return {
    connection: () => kafka,
    env: {},
    faults: () => [
      { kind: 'broker-kill', weight: 2, breaks: 'broker', strike: () => kill().then(() => 'kill -9 of the broker') },
      {
        kind: 'broker-restart',
        weight: 1,
        breaks: 'broker',
        strike: () => stop(0).then(() => 'the broker is stopped and started'),
      },
      forAWhile({ kind: 'broker-away', weight: 1, breaks: 'broker', ...AWAY_MS, what: stop }),
    ],
    close: () => kafka.close(),
  }
}
