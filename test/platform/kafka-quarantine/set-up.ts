/** A platform with Kafka clients, and its quarantine. */
import { afterAll, beforeAll } from '@jest/globals'
import type { Code, Finding } from '../../../src/model/codes.ts'
import { type Credential, kafkajsOf } from '../../support/kafka-clients.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'

export let platform: TestPlatform
export const QUARANTINE = '/api/v1/events/custom/quarantine'
export const GENERIC = { name: 'platformxe.generic' }

export interface Entry {
  id: string
  code: Code
  findings: Finding[]
  name: string
  partition: number
  offset: number
}

export interface Kept extends Entry {
  payload: string | null
  payloadEncoding: string | null
  headers: Record<string, string>
  base64Headers: string[]
  key: string | null
}

type Messages = Parameters<ReturnType<ReturnType<typeof kafkajsOf>['producer']>['send']>[0]['messages']

export async function produce(credential: Credential, messages: Messages): Promise<void> {
  const producer = kafkajsOf(credential).producer()
  await producer.connect()
  await producer.send({ topic: credential.topics.emits, messages })
  await producer.disconnect()
}

export const listed = async (of: TestOrganization, query = '') =>
  (await of.call<Entry[]>('GET', `${QUARANTINE}?limit=100${query}`)).data

/** Every page. */
export async function everyPage(of: TestOrganization): Promise<Entry[]> {
  const all: Entry[] = []
  for (let cursor = ''; ; ) {
    const { data, body } = await of.call<Entry[]>('GET', `${QUARANTINE}?limit=100${cursor}`)
    all.push(...data)
    const { nextCursor } = (body as { meta: { nextCursor: string | null } }).meta
    if (nextCursor === null) return all
    cursor = `&cursor=${nextCursor}`
  }
}

/** Starts the platform of the file. Call this once, at its top. */
export function useQuarantine(): void {
  beforeAll(async () => {
    platform = await startPlatform()
  }, 120_000)
  afterAll(() => platform?.stop(), 60_000)
}
