/** Reports this process every ten seconds, at its start and at its end. */
import { type ProcessReport, processes, processReportCodec } from '../../topics/processes.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Appender } from '../kafka/ports.ts'
import type { Logger } from '../logger.ts'

const EVERY_MS = 10_000
/** The first reports follow each other more quickly: shards come within seconds of the start. */
const FIRST_MS = [1_000, 3_000]

export interface Reporting {
  /** It stops: the others share its part of the limits from now on. */
  stopping(): Promise<void>
  close(): Promise<void>
}

export function reportProcess(deps: {
  processId: string
  appender: Appender
  clock: Clock
  logger: Logger
  report(): Promise<Omit<ProcessReport, 'isStopping'>>
}): Reporting {
  const { processId, appender, clock, logger } = deps
  let timer: Timer | undefined
  let isStopping = false
  let isClosed = false
  let written = 0

  async function write(): Promise<void> {
    const value = processReportCodec.encode({ ...(await deps.report()), isStopping })
    await appender.append({ topic: processes.name, partition: 0, key: processId, value })
  }

  async function goOn(): Promise<void> {
    await write().catch(error => logger.warn({ error: String(error) }, 'the process could not report itself'))
    if (!isClosed && !isStopping) timer = clock.after(FIRST_MS[written++] ?? EVERY_MS, () => void goOn())
  }

  void goOn()
  return {
    async stopping() {
      isStopping = true
      timer?.cancel()
      await write().catch(() => undefined)
    },
    async close() {
      isClosed = true
      timer?.cancel()
      await appender.append({ topic: processes.name, partition: 0, key: processId, value: null }).catch(() => undefined)
    },
  }
}
