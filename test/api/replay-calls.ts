/** Calls about replays, for tests of the api. */
import type { CallAs } from './api-harness.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

export async function hook(call: CallAs, events: string[] = ['*']): Promise<string> {
  return (await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events })).data.id
}

export const toWebhooks = (...ids: string[]) => ({ kind: 'webhook', ids })
export const ask = (call: CallAs, source: object, target: object, options?: object) =>
  call('POST', '/api/v1/replays', { source, target, ...(options && { options }) })
/** The place of the first finding. */
export const placeOf = ({ body }: Awaited<ReturnType<CallAs>>) => body.error?.details?.[0]?.path
