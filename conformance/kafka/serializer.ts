/** Confluent's serializer against the façade, and what it framed through Kafka. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { runTool } from '../webhooks/run-tool.ts'
import type { Credential, RunningPlatform } from './platform.ts'
import type { Check } from './suite.ts'

const RECORDED_MS = 20_000

export async function checkSerializer(platform: RunningPlatform, directory: string): Promise<Check[]> {
  const organization = await platform.organization()
  const credential = await platform.credential(organization)
  const schemaOf = (more: object) => ({
    type: 'object',
    title: 'order',
    properties: { id: { type: 'string' }, ...more },
    required: ['id'],
    additionalProperties: false,
  })
  const schemas = [schemaOf({}), schemaOf({ note: { type: 'string' } })]
  for (const [at, payloadSchema] of schemas.entries()) {
    const registration = {
      namespace: organization.slug,
      name: 'order.made',
      version: `1.${at}.0`,
      status: 'published',
      payloadSchema,
    }
    await platform.call(organization.apiKey, 'POST', '/api/v1/events/custom', registration)
  }
  const folder = join(directory, 'node')
  cpSync(join(import.meta.dirname, 'node'), folder, { recursive: true })
  await runTool('npm', ['install', '--no-audit', '--no-fund', '--silent'], { cwd: folder })
  const settings = join(directory, 'serializer.json')
  const subject = `${organization.slug}.order.made`
  const url = `${platform.base}/api/v1/schema-registry`
  writeFileSync(
    settings,
    JSON.stringify({ url, key: organization.apiKey, topic: credential.topics.emits, subject, schemas }),
  )
  const printed = await runTool(process.execPath, [join(folder, 'serialize.mjs'), settings])
  const { checks, framed } = JSON.parse(printed.slice(printed.indexOf('{"checks"'))) as {
    checks: Check[]
    framed: string[]
  }
  await produce(credential, framed)
  const versions = await acceptedVersions(platform, organization.apiKey, framed.length)
  return [
    ...checks,
    { what: 'what it frames is accepted as the version that it names', passed: versions.join() === '1.0.0,1.1.0' },
  ]
}

async function produce({ username, password, bootstrapServers, topics }: Credential, framed: string[]): Promise<void> {
  const sasl = { mechanism: 'scram-sha-512' as const, username, password }
  const producer = new kafkajs.Kafka({
    brokers: bootstrapServers.split(','),
    sasl,
    logLevel: kafkajs.logLevel.NOTHING,
  }).producer()
  await producer.connect()
  await producer.send({ topic: topics.emits, messages: framed.map(value => ({ value: Buffer.from(value, 'base64') })) })
  await producer.disconnect()
}

async function acceptedVersions(platform: RunningPlatform, key: string, count: number): Promise<string[]> {
  for (const deadline = performance.now() + RECORDED_MS; ; await pause(100)) {
    const { data } = await platform.call<Array<{ schemaVersion: string; verdict: string }>>(
      key,
      'GET',
      '/api/v1/events/custom/emits',
    )
    if (data.length >= count || performance.now() > deadline)
      return data
        .filter(({ verdict }) => verdict === 'accepted')
        .map(each => each.schemaVersion)
        .sort()
  }
}
