/** In-app notices of an organization. */
import { setTimeout as pause } from 'node:timers/promises'
import type { TestOrganization } from '../support/platform.ts'

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

const WITHIN_MS = 60_000

/** The in-app notices of this kind, once there are some. */
export async function noticesOf(organization: Pick<TestOrganization, 'call'>, kind: string): Promise<StoredNotice[]> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { data } = await organization.call<StoredNotice[]>('GET', '/api/v1/notifications?limit=100&channel=in-app')
    const found = data.filter(each => each.kind === kind)
    if (found.length > 0) return found
    if (performance.now() > deadline) throw new Error(`no ${kind} among ${JSON.stringify(data)}`)
    await pause(50)
  }
}
