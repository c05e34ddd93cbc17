/** Debug runs leave the history after a week, and nothing else with them. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { forgetDebugRuns } from '../../src/analytics/forget-debug-runs.ts'
import { migratedDatabase } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await migratedDatabase()
})
afterAll(() => client?.close())

const DAY_MS = 86_400_000
const owner = { organizationId: 'org_a', environment: 'live', workflowId: 'wf_1' }

let blocks = 0
async function insert(table: string, rows: object[]): Promise<void> {
  const body = Buffer.from(rows.map(row => JSON.stringify(row)).join('\n'))
  const block = {
    table,
    format: 'JSONEachRow' as const,
    body: [body],
    rows: rows.length,
    token: `${table}-${++blocks}`,
  }
  await client.insert(block, new AbortController().signal)
}

it('deletes runs and steps of debug runs that are older than a week', async () => {
  const at = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().replace('T', ' ').replace('Z', '')
  const cases = [
    { runId: 'old debug', mode: 'debug', days: 7.1 },
    { runId: 'new debug', mode: 'debug', days: 6.9 },
    { runId: 'old live', mode: 'live', days: 7.1 },
  ]
  for (const { runId, mode, days } of cases) {
    await insert('runs', [
      { ...owner, runId, mode, step: 1, status: 'succeeded', triggerKind: 'manual', startedAt: at(days), scopes: '{}' },
    ])
    await insert('run_steps', [
      {
        ...{ ...owner, runId, path: 'a', actionKey: 'a', actionType: 'stop', status: 'succeeded', attempts: 1 },
        ...{ runStartedAt: at(days), startedAt: at(days), variables: mode === 'debug' ? '{}' : null },
      },
    ])
  }
  await forgetDebugRuns(client)
  for (const table of ['runs', 'run_steps']) {
    const left = await client.query<{ runId: string }>(`SELECT runId FROM ${table} ORDER BY runId`)
    expect(left.map(({ runId }) => runId)).toEqual(['new debug', 'old live'])
  }
})
