/** Ends streams whose peers acknowledge nothing: each time it looks, it hears from the system what is on its way. */
import type { Logger } from '../../logger.ts'
import type { Connection } from './ports.ts'
import type { ReadUnacknowledged } from './unacknowledged.ts'

export interface PeerWatch {
  /** Once a second, while there are streams. */
  tick(nowMs: number): void
}

export function createPeerWatch(deps: {
  connections: ReadonlyMap<string, Connection>
  read: ReadUnacknowledged
  everyMs: number
  logger: Logger
}): PeerWatch {
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let isLooking = false

  async function look(nowMs: number): Promise<void> {
    const watched = [...deps.connections.values()].filter(({ socketId }) => socketId !== undefined)
    if (watched.length === 0) return
    const unacknowledged = await deps.read()
    if (unacknowledged === undefined) return
    for (const connection of watched) connection.onUnacknowledged(unacknowledged.get(connection.socketId!) ?? 0, nowMs)
  }

  return {
    tick(nowMs) {
      if (isLooking || nowMs - lookedAtMs < deps.everyMs) return
      lookedAtMs = nowMs
      isLooking = true
      look(nowMs)
        .catch(error => deps.logger.warn({ error: String(error) }, 'the sockets of streams could not be looked at'))
        .finally(() => {
          isLooking = false
        })
    },
  }
}
