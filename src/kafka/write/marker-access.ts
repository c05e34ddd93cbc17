/**
 * A transaction ends with a marker in each of its partitions, and a partition below its in-sync minimum refuses markers
 * as it refuses records. The coordinator then retries for ever, and accepts no further transaction of the id: one
 * organization's partition would block its whole shard, whichever process opens it. So the minimum of that topic is
 * lowered to one until the marker is written. No record comes in meanwhile: only the platform writes to the topic, and
 * only under this id, which waits.
 */
import type { Logger } from '../../logger.ts'
import { alterTopicConfigsRequest, type DescribedConfig, describeConfigsRequest } from '../admin/topic-requests.ts'
import type { PartitionInfo } from '../protocol/cluster.ts'
import { describeTransactionRequest } from '../protocol/transaction-requests.ts'
import type { Wire } from '../protocol/wire.ts'

const SETTING = 'min.insync.replicas'
const LOWEST = '1'
const ENDING: ReadonlySet<string> = new Set(['PrepareCommit', 'PrepareAbort', 'PrepareEpochFence'])

export interface MarkerAccess {
  /**
   * Lets the markers of the id's last transaction into the organizations' partitions that refuse them. Never rejects.
   */
  open(): Promise<void>
  /** Restores the settings that `open` has changed. Never rejects. */
  close(): Promise<void>
}

export function createMarkerAccess(deps: {
  wire: Pick<Wire, 'sendToAny' | 'sendToCoordinator' | 'metadata'>
  transactionalId: string
  logger: Logger
  isPausable(topic: string): boolean
}): MarkerAccess {
  const { wire, transactionalId, logger } = deps
  /** The topics' own minimum before, null for the default. */
  let before: Map<string, string | null> | undefined
  let opening: Promise<void> | undefined

  async function open(): Promise<void> {
    const topics = await refusing()
    if (topics.length === 0) return
    const described = await wire.sendToAny(describeConfigsRequest('topic', topics, [SETTING]))
    before = new Map(described.flatMap(({ name, error, settings }) => (error ? [] : [[name, ownOf(settings)]])))
    await set(new Map([...before.keys()].map(topic => [topic, LOWEST])))
    logger.warn(
      { topics: [...before.keys()] },
      `${SETTING} is lowered until the last transaction of ${transactionalId} has left these topics`,
    )
  }

  /** Partitions whose last transaction has not ended because replicas are missing. */
  async function refusing(): Promise<string[]> {
    const { state, topics } = await wire.sendToCoordinator(transactionalId, describeTransactionRequest(transactionalId))
    if (!ENDING.has(state)) return []
    const found = await wire.metadata([...topics.keys()].filter(deps.isPausable))
    const lacksReplicas = ({ leader, isr, replicas }: PartitionInfo) => leader >= 0 && isr.length < replicas.length
    return found.filter(({ partitions }) => partitions.some(lacksReplicas)).map(({ topic }) => topic)
  }

  async function set(values: ReadonlyMap<string, string | null>): Promise<void> {
    const results = await wire.sendToAny(
      alterTopicConfigsRequest([...values].map(([topic, value]) => [topic, { [SETTING]: value }])),
    )
    const failed = results.find(({ error }) => error !== undefined)
    if (failed) throw failed.error!
  }

  return {
    open() {
      opening ??= open()
        .catch(error => logger.warn({ error: String(error) }, `what holds up ${transactionalId} cannot be helped`))
        .finally(() => {
          // Nothing was found: the next call checks again.
          if (!before) opening = undefined
        })
      return opening
    },
    async close() {
      await opening
      if (!before) return
      const settings = before
      before = undefined
      opening = undefined
      await set(settings).catch(error =>
        logger.warn({ error: String(error), topics: [...settings.keys()] }, `${SETTING} stays lowered for now`),
      )
    },
  }
}

/** Null: the default. */
function ownOf(settings: DescribedConfig['settings']): string | null {
  const setting = settings.get(SETTING)
  return setting?.isOwn ? setting.value : null
}
