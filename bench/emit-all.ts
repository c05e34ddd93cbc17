/** A new organization of the running platform, its webhooks, and the given number of events. */
import type { HttpClient, PlatformProcess } from './platform-process.ts'
import type { Testbed } from './testbed.ts'

const BATCH = 500
const AT_ONCE = 4

export interface PlatformClient {
  id: string
  apiKey: string
  client: HttpClient
  /** Answers its id. */
  webhook(url: string, settings?: object): Promise<string>
  /** Events of `platformxe.generic` with 1 KB of data; `kind` by number. */
  emitGeneric(count: number, kind?: (n: number) => string): Promise<void>
}

export async function createPlatformClient(testbed: Testbed, platform: PlatformProcess): Promise<PlatformClient> {
  const slug = `b${testbed.random.bytes(6).toString('hex')}`
  const made = await post<{ organization: { id: string }; apiKey: string }>(
    platform.client(platform.adminKey),
    '/api/v1/organizations',
    {
      ...{ name: slug, slug, plan: 'ENTERPRISE', ownerEmail: 'bench@example.test' },
    },
  )
  const client = platform.client(made.apiKey)
  return {
    id: made.organization.id,
    apiKey: made.apiKey,
    client,
    webhook: async (url, settings = {}) =>
      (await post<{ id: string }>(client, '/api/v1/webhooks', { url, events: ['platformxe.generic'], ...settings })).id,
    async emitGeneric(count, kind = () => 'k') {
      const note = 'x'.repeat(900)
      const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, index) => index * BATCH)
      const worker = async () => {
        for (let from = batches.shift(); from !== undefined; from = batches.shift()) {
          const items = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
            name: 'platformxe.generic',
            payload: { kind: kind(from! + index), data: { n: from! + index, note } },
          }))
          const { results } = await post<{ results: Array<{ status: number }> }>(
            client,
            '/api/v1/events/custom/emit/batch',
            { items },
          )
          const refused = results.find(({ status }) => status !== 202)
          if (refused) throw new Error(`an emit was refused: ${JSON.stringify(refused)}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    },
  }
}

async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status >= 300) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}
