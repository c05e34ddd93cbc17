/** Organizations' topics that were made before their cluster had three brokers, or by an earlier version, need two replicas in sync as well. */
import type { ControlView } from '../control-plane/view.ts'
import type { Provisioning } from '../kafka/admin/provisioning.ts'
import type { Logger } from '../observability/logger.ts'

/** Beside everything else: nobody waits for it, and a start makes up for what the one before could not. */
export async function protectTopics({ view, provisioning, logger }: { view: ControlView; provisioning: Provisioning; logger: Logger }) {
  const organizations = [...view.organizations()].filter(({ status }) => status !== 'deleted')
  const live = organizations.map(({ id }) => id)
  const test = organizations.filter(({ testEnvironment }) => testEnvironment).map(({ id }) => id)
  try {
    const changed =
      (await provisioning.protectOrganizationTopics(live, 'live')) + (await provisioning.protectOrganizationTopics(test, 'test'))
    if (changed > 0) logger.info({ topics: changed }, 'set min.insync.replicas to 2')
  } catch (error) {
    logger.warn({ error: String(error) }, 'not all topics need two replicas in sync yet')
  }
}
