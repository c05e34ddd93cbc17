/**
 * Organizations' topics with three replicas require two in sync: also topics from before the cluster had three brokers,
 * and topics that a process left lowered when it died (`src/kafka/write/marker-access.ts`).
 */
import type { Clock } from '../clock.ts'
import type { Provisioning } from '../kafka/admin/provisioning.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'

const AGAIN_MS = 600_000

/** Runs at once and every ten minutes, in the background. */
export function protectTopics(deps: {
  view: Pick<ControlView, 'organizations'>
  provisioning: Pick<Provisioning, 'protectOrganizationTopics'>
  clock: Clock
  logger: Logger
}): { close(): void } {
  const { provisioning, clock, logger } = deps
  let timer: { cancel(): void } | undefined
  let isClosed = false

  async function protect(): Promise<void> {
    const organizations = [...deps.view.organizations()].filter(({ status }) => status !== 'deleted')
    const live = organizations.map(({ id }) => id)
    const test = organizations.filter(({ testEnvironment }) => testEnvironment).map(({ id }) => id)
    const changed = await Promise.all([
      provisioning.protectOrganizationTopics(live, 'live'),
      provisioning.protectOrganizationTopics(test, 'test'),
    ])
    const topics = changed.reduce((sum, each) => sum + each, 0)
    if (topics > 0) logger.info({ topics }, 'set min.insync.replicas to 2')
  }

  async function run(): Promise<void> {
    try {
      await protect()
    } catch (error) {
      if (!isClosed) logger.warn({ error: String(error) }, 'not all topics need two replicas in sync yet')
    }
    if (!isClosed) timer = clock.after(AGAIN_MS, () => void run())
  }

  void run()
  return {
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}
