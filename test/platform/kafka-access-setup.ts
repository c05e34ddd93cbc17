/** Two organizations of the shared platform, each with a credential for Kafka. */
import { beforeAll } from '@jest/globals'
import type { Kafka } from 'kafkajs'
import { type Credential, credentialOf, kafkajsOf } from '../support/kafka-clients.ts'
import { readLog } from '../support/ledger.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

export let platform: TestPlatform
export let organization: TestOrganization
export let neighbour: TestOrganization
export let own: Credential
export let others: Credential
export let kafka: Kafka
export const HEADERS = { name: 'platformxe.generic' }
export const generic = (kind: string, headers: Record<string, string> = HEADERS) => ({
  value: JSON.stringify({ kind }),
  headers,
})

export const kindsOf = async (of: TestOrganization) =>
  (await readLog(platform, of)).map(({ value }) => JSON.parse(value!.toString()).kind as string)

export const kindsUntil = (of: TestOrganization, count: number) => until(() => kindsOf(of), kinds => kinds.length >= count) // biome-ignore format: one thought

/** Call this once, at the top of a file. */
export function useKafkaAccess(): void {
  beforeAll(async () => {
    platform = await sharedPlatform()
    ;[organization, neighbour] = [await platform.organization(), await platform.organization()]
    ;[own, others] = [await credentialOf(organization), await credentialOf(neighbour)]
    kafka = kafkajsOf(own)
  }, 120_000)
}
