/** What this process sees of the cluster and the history, for the operator. */
import type { AnalyticsClient } from '../analytics/client.ts'
import type { PlatformView } from '../api/platform/handlers.ts'
import { describeClusterRequest } from '../kafka/admin/cluster-requests.ts'
import type { Parts } from './parts.ts'

export function platformView({ wire }: Parts, history: AnalyticsClient): PlatformView {
  return {
    async brokers() {
      const { places } = await wire.sendToAny(describeClusterRequest())
      return places.map(({ id, host, port }) => ({ id, host: `${host}:${port}`, alive: !wire.cluster.isSuspect(id) }))
    },
    ailing: () => wire.cluster.ailing(),
    historyAnswers: () => history.ping(),
  }
}
