/**
 * The base of every figure: one broker and one ClickHouse as the platform starts them by default, in a temporary data directory, and
 * platform processes beside them that come and go.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Random } from '../src/clock.ts'
import { startEmbeddedClickHouse } from '../src/embedded/clickhouse.ts'
import { startEmbeddedKafka } from '../src/embedded/kafka.ts'
import { readChild } from '../src/embedded/part-directory.ts'
import { endProcess } from '../src/embedded/process-identity.ts'
import type { KafkaSettings } from '../src/kafka/protocol/wire.ts'
import { cacheDirectory } from '../src/settings/config.ts'
import type { Children } from './children.ts'
import type { BenchOptions } from './options.ts'
import { type PlatformProcess, startPlatform } from './platform-process.ts'

/** As `CLARION_BROKER_HEAP_MB` has it by default. */
const BROKER_HEAP_MB = 1024
const ORPHAN_GRACE_MS = 20_000

export interface Testbed {
  dataDir: string
  clock: Clock
  random: Random
  options: BenchOptions
  children: Children
  kafka: KafkaSettings
  clickhouseUrl: string
  pids: { broker: number; clickhouse: number }
  /** Says on standard error what is being done. */
  say(sentence: string): void
  /** A platform process on this broker and ClickHouse; `roles` as `CLARION_ROLES`. Resolves when it is ready. */
  platform(roles: string, name?: string): Promise<PlatformProcess>
  /** One more broker and ClickHouse, with data of their own, for settings that are fixed when the topics are made. Stopped before this one. */
  another(name: string, env: Record<string, string>): Promise<Testbed>
  /** Stops broker and ClickHouse; the data stay until `remove`. */
  stopParts(): Promise<void>
}

export interface DataDirectory {
  path: string
  /** Ends a broker or a ClickHouse that a killed platform left behind there, and removes the data. */
  remove(): Promise<void>
}

export function makeDataDirectory(): DataDirectory {
  const path = mkdtempSync(join(tmpdir(), 'clarion-bench-'))
  return {
    path,
    async remove() {
      for (const part of ['kafka', 'clickhouse']) {
        const left = readChild(join(path, part))
        if (left) await endProcess(left, ORPHAN_GRACE_MS)
      }
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** `env`: settings of its platform processes. */
export async function openTestbed(
  deps: Pick<Testbed, 'dataDir' | 'clock' | 'random' | 'options' | 'children' | 'say'>,
  env: Record<string, string> = {},
): Promise<Testbed> {
  const { dataDir, clock, options, children, say } = deps
  say('starting Kafka and ClickHouse')
  const logger = { info: say, warn: say }
  const onExit = (reason: string) => say(reason)
  const kafka = await startEmbeddedKafka({
    dataDir,
    cacheDir: cacheDirectory(),
    heapMb: BROKER_HEAP_MB,
    profile: 'default',
    logger,
    onExit,
  })
  const clickhouse = await startEmbeddedClickHouse({ dataDir, logger, onExit }).catch(async error => {
    await kafka.close()
    throw error
  })
  const { brokers, username, password } = kafka
  const connection = {
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    CLICKHOUSE_URL: clickhouse.url,
    ...env,
  }
  const others: Array<Promise<Testbed>> = []
  let stopped = false
  return {
    ...deps,
    kafka: { brokers, username, password, clientId: 'bench' },
    clickhouseUrl: clickhouse.url,
    pids: { broker: kafka.pid, clickhouse: clickhouse.pid },
    platform: (roles, name = roles) =>
      startPlatform({
        children,
        clock,
        dataDir: join(dataDir, 'platform'),
        roles,
        name,
        env: connection,
        profileDir: options.profileDir,
      }),
    another(name, env) {
      const opening = openTestbed({ ...deps, dataDir: join(dataDir, name) }, env)
      others.push(opening)
      return opening
    },
    async stopParts() {
      if (stopped) return
      stopped = true
      for (const other of await Promise.allSettled(others))
        if (other.status === 'fulfilled') await other.value.stopParts()
      await Promise.all([clickhouse.close(), kafka.close()])
    },
  }
}
