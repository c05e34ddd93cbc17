/**
 * Appends outside any transaction, idempotently: connections, and the lanes over them. A single append is sent at once;
 * thousands made together share a request.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { runAs } from '../../process/work.ts'
import type { Appender } from '../ports.ts'
import { type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import { AppendFailed } from './append-failed.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { asKafkaError } from './send-batches.ts'

export { AppendFailed } from './append-failed.ts'

export function createAppender(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  /** How long an unacknowledged append is retried before it is rejected. */
  persistMs: number
}): Appender {
  const { clock } = deps
  const logger = deps.logger.child({ part: 'appender' })
  let opening: Promise<{ wire: Wire; lanes: Lanes }> | undefined
  let opened: Lanes | undefined
  let isClosed = false

  async function open(): Promise<{ wire: Wire; lanes: Lanes }> {
    const wire = await openWire(deps.kafka, deps.logger)
    const lanes = createLanes({
      wire,
      clock,
      persistMs: deps.persistMs,
      // Runs outside every caller's context: others use the connections that it opens.
      atEndOfTurn: callback => void setImmediate(() => runAs(undefined, callback)),
      onNewProducer: (node, error) =>
        logger.warn(
          { broker: node, error: error.message },
          'an append was not acknowledged; the next ones belong to a new producer',
        ),
    })
    opened = lanes
    return { wire, lanes }
  }

  function openOnce(): Promise<{ wire: Wire; lanes: Lanes }> {
    opening ??= runAs(undefined, open).catch((error: unknown) => {
      opening = undefined
      throw new AppendFailed(asKafkaError(error), false)
    })
    return opening
  }

  return {
    async append(record) {
      if (isClosed) throw new Error('the appender is closed')
      return (opened ?? (await openOnce()).lanes).append(record)
    },
    async close() {
      isClosed = true
      const open = await opening?.catch(() => undefined)
      while (open && open.lanes.outstanding() > 0) await clock.sleep(2)
      await open?.wire.close()
    },
  }
}
