/** A log for each test of the file that imports this, and consumers of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll } from '@jest/globals'
import kafkajs from 'kafkajs'
import { type Client, createClient } from '../../sdks/typescript/src/index.ts'
import { type Access, type ConsumeOptions, consume, type LogEvent } from '../../sdks/typescript/src/kafka/index.ts'
import { containersOf, testsUseContainers } from '../support/containers.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

export let platform: TestPlatform
export let organization: TestOrganization
export let client: Client
export let access: Access & { credentials: { topics: { events: string }; groupPrefix?: string } }
beforeAll(async () => {
  platform = await sharedPlatform()
  await begin()
}, 120_000)

/** Instead of the platform of the run, for a file that strikes it. */
export function takePlatform(own: TestPlatform): void {
  platform = own
}

/** A log of its own. */
export async function begin(partitions = 1): Promise<void> {
  organization = await platform.organization('ENTERPRISE')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
  access = { credentials: await client.kafkaCredentials.create({ name: 'kit', access: 'both' }) }
  if (partitions > 1) await grow(partitions)
}
export const grow = (partitions: number) =>
  platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${organization.org.id}/partitions`, { partitions })
export const emit = (kind: string, subject?: string) =>
  client.events.custom.emit({
    name: 'platformxe.generic',
    payload: { kind },
    ...(subject === undefined ? {} : { subject }),
  })
export const kinds = (events: LogEvent[]): Array<string | null> => events.map(({ kind }) => kind)

type Options = Partial<Omit<ConsumeOptions, keyof Access>> & { group: string }
export async function read(options: Options) {
  const seen: LogEvent[] = []
  const consumption = await consume({ ...access, onEvent: event => void seen.push(event), ...options })
  return {
    ...consumption,
    seen,
    sees: (...wanted: string[]) => until(() => wanted.every(each => kinds(seen).includes(each)), Boolean),
  }
}
/** Everything that the group has not handled. */
export async function rest(group: string, lastKind: string): Promise<Array<string | null>> {
  const reading = await read({ group })
  await reading.sees(lastKind)
  await reading.close()
  return kinds(reading.seen)
}
export async function platformAdmin(work: (admin: kafkajs.Admin) => Promise<void>): Promise<void> {
  const { brokers, username, password } = testsUseContainers()
    ? (await containersOf(platform.dataDir)).kafka
    : JSON.parse(readFileSync(join(platform.dataDir, 'kafka', 'process.json'), 'utf8')).connection
  const sasl = { mechanism: 'scram-sha-512' as const, username, password }
  const admin = new kafkajs.Kafka({ brokers, sasl, logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await work(admin).finally(() => admin.disconnect())
}
export function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open: () => open(), opened }
}
