/**
 * Direct Kafka access by the clients of others, each as its users write it, against a whole platform with its embedded broker: every
 * codec, transactions, own groups, refusals; a schema serializer; and 100,000 records of every broken kind.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Suite, SuiteResult } from '../suite.ts'
import { checkBrokenRecords } from './broken-records.ts'
import { type Client, clientsOf } from './clients.ts'
import { type RunningPlatform, startPlatform } from './platform.ts'
import { checkSerializer } from './serializer.ts'

export interface Check {
  what: string
  passed: boolean
}

export const suite: Suite = {
  title: "direct Kafka access, by Java, Python, Go and kcat, Confluent's serializer, and 100,000 broken records",
  needs: [
    {
      tool: 'java',
      why: "run Kafka's own Java client, whose jars the embedded broker brings (a JDK, which compiles the program)",
    },
    { tool: 'python3', why: 'run the Python package confluent-kafka (with venv and pip)' },
    { tool: 'go', why: 'run the Go module franz-go' },
    { tool: 'kcat', why: 'produce and consume from the command line (Debian: apt install kcat)' },
    { tool: 'npm', why: 'install @confluentinc/schemaregistry' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-kafka-'))
    const platform = await startPlatform(join(directory, 'data'))
    try {
      const total: SuiteResult = { passed: 0, failed: 0 }
      const parts: Array<[string, () => Promise<Check[]>]> = [
        ...clientsOf(directory).map((client): [string, () => Promise<Check[]>] => [
          client.name,
          () => checkClient(platform, client),
        ]),
        ['@confluentinc/schemaregistry', () => checkSerializer(platform, directory)],
        ['broken records', () => checkBrokenRecords(platform, log)],
      ]
      for (const [name, check] of parts) {
        const checks = await check().catch((error: Error): Check[] => [
          { what: `could not be run: ${error.message}`, passed: false },
        ])
        for (const { what, passed } of checks) log(`${passed ? 'ok    ' : 'FAILED'}  ${name}: ${what}`)
        total.passed += checks.filter(each => each.passed).length
        total.failed += checks.filter(each => !each.passed).length
      }
      return total
    } finally {
      await platform.end()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** In an organization of its own: its log holds what it sent and nothing else. */
async function checkClient(platform: RunningPlatform, client: Client): Promise<Check[]> {
  const [own, neighbour] = [await platform.organization(), await platform.organization()]
  const credential = await platform.credential(own)
  return client.run(credential, (await platform.credential(neighbour)).topics.emits)
}
