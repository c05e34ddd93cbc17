/** The parts that read organizations' logs for clients, composed once per process with the role api. */
import { events } from '../../topics/events.ts'
import type { Clock } from '../clock.ts'
import { signingKeys } from '../crypto/signing-key.ts'
import { type KafkaSettings, openWire } from '../kafka/protocol/wire.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import type { ReaderWatch } from '../kafka/read/reader-watch.ts'
import type { Logger } from '../logger.ts'
import type { Owner } from '../model/environments.ts'
import { type Cursors, createCursors } from './cursor.ts'
import { createPageCache, type PageCache, type PageSource } from './page-cache.ts'
import { createPulls, type Pulls } from './pull.ts'
import { createResume, type Log, type Resume } from './resume.ts'
import { createSequences, type Sequences } from './sequences.ts'
import { createStrictPages, type StrictPages } from './strict-pages.ts'
import { createTail, type Tail } from './tail.ts'
import { createTurns } from './turns.ts'

export interface Streaming {
  cursors: Cursors
  pages: StrictPages
  cache: PageCache
  resume: Resume
  tail: Tail
  pulls: Pulls
  sequences: Sequences
  close(): Promise<void>
}

/** A caller waits for a page, and repeats the call after a 503. */
const PERSIST_MS = 5_000
/** Pages and searches of all organizations at a time. */
const READS_UNDER_WAY_MAX = 16

export async function openStreaming(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  watch: ReaderWatch
  secretKey: string
  previousSecretKey: string | undefined
  /** The newest sequence number that is known. */
  newest: (owner: Owner) => number
  /** Of each of an organization's logs, by the control plane. */
  partitions: (organizationId: string) => number
  onPage?: (from: PageSource) => void
  onFatal(error: Error): void
}): Promise<Streaming> {
  const { kafka, clock, logger, newest, onPage } = deps
  const wire = await openWire(kafka, logger)
  const cursors = createCursors(signingKeys(deps.secretKey, deps.previousSecretKey, 'log-cursors'))
  const turns = createTurns({ underWayMax: READS_UNDER_WAY_MAX })
  const pages = createStrictPages({
    ...{ pages: createLogPages({ wire, clock, persistMs: PERSIST_MS }), wire, turns },
    partitions: deps.partitions,
  })
  const cache = createPageCache({ pages, turns, clock, ...(onPage === undefined ? {} : { onPage }) })
  const resume = createResume({ pages, cursors })
  const tail = createTail(deps)
  const pulls = createPulls({ cache, tail, resume, clock })
  return {
    cursors,
    pages,
    cache,
    resume,
    tail,
    pulls,
    sequences: createSequences({ pages, cache, resume, cursors, newest }),
    async close() {
      pulls.close()
      cache.close()
      await tail.close()
      await wire.close()
    },
  }
}

export const logOf = ({ organizationId, environment }: Owner): Log => ({
  organizationId,
  environment,
  topic: events.nameFor(organizationId, environment),
})
