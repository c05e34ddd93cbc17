/** In-app notices of an organization. */
import type { TestOrganization } from '../support/platform.ts'
import { until } from '../support/until.ts'

export interface StoredNotice {
  kind: string | null
  channel: string
  severity: string
  title: string
  message: string
  environment: string
  data: Record<string, unknown>
  source: { kind: string; id: string }
}

/** The in-app notices of this kind, once there are some. */
export async function noticesOf(organization: Pick<TestOrganization, 'call'>, kind: string): Promise<StoredNotice[]> {
  const path = '/api/v1/notifications?limit=100&channel=in-app'
  const data = await until(
    async () => (await organization.call<StoredNotice[]>('GET', path)).data,
    all => all.some(each => each.kind === kind),
  )
  return data.filter(each => each.kind === kind)
}
