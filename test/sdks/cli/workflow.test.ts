/** `clarion workflow` and `client.workflows` against a running platform. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ClarionApiError, type Client, createClient } from '../../../sdks/typescript/src/index.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { runHere } from '../support/command.ts'

let platform: TestPlatform
let organization: TestOrganization
let client: Client
let env: Record<string, string>
const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))

beforeAll(async () => {
  platform = await sharedPlatform()
  organization = await platform.organization('PRO')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
  env = { CLARION_URL: platform.base, CLARION_API_KEY: organization.apiKey }
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const clarion = (...words: string[]) => runHere(env, words)
const fileOf = (name: string, definition: unknown): string => {
  const file = join(directory, name)
  writeFileSync(file, JSON.stringify(definition))
  return file
}
const stop = (reason: string) => ({ language: 1, actions: [{ key: 'end', type: 'stop', with: { reason } }] })

describe('a workflow in a file', () => {
  it('is deployed as it is, shown in lists, and its next version with what it changed', async () => {
    const { id } = await client.workflows.create({ name: 'Reorder', trigger: { kind: 'event', event: 'sku_reorder' } })
    const first = await clarion('workflow', 'deploy', id, fileOf('first.json', stop('once')))
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(first.stdout).toMatch(/version +1\n/)
    const listed = await clarion('workflow', 'list')
    expect(listed.stdout).toMatch(new RegExp(`${id} +Reorder +sku_reorder +1 +true`))
    // Saves of one workflow are 2 s apart; the client waits for its turn.
    const second = await clarion('workflow', 'deploy', id, fileOf('second.json', stop('twice')), '--json')
    expect(second.json).toMatchObject({ version: 2, live: true })
    const versions = await clarion('workflow', 'versions', id)
    expect(versions.stdout.split('\n')[1]).toMatch(/^2 +true .* changed end$/)
    const matched = await client.workflows.evaluate({ event: 'sku_reorder', payload: { sku: '1' } })
    expect(matched.matched).toEqual([{ workflowId: id, name: 'Reorder', version: 2 }])
  })

  it('that is wrong ends with 1 and every finding at its place; nothing is deployed', async () => {
    const { id } = await client.workflows.create({ name: 'Wrong', trigger: { kind: 'manual' } })
    const wrong = {
      language: 1,
      actions: [
        { key: 'a', type: 'nothing' },
        { key: 'a', type: 'stop', with: {} },
      ],
    }
    const saved = await clarion('workflow', 'deploy', id, fileOf('wrong.json', wrong), '--draft-only')
    expect([saved.code, saved.stderr]).toEqual([1, expect.stringContaining('error /actions/0/type:')])
    const refused = await clarion('workflow', 'deploy', id)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('clarion: workflow_invalid')])
    expect(refused.stderr).toContain('/actions/1/key')
    const none = await clarion('workflow', 'deploy', id, '/nowhere.json')
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('cannot be read')])
  })
})

describe('client.workflows', () => {
  it('goes through the life of a workflow and its secrets', async () => {
    await client.secrets.set('TOKEN', 'hidden')
    await client.variables.set('REGION', 'eu-1')
    const request = { url: 'https://supplier.example/{{$env.REGION}}', headers: { authorization: '{{$env.TOKEN}}' } }
    const { id } = await client.workflows.create({
      ...{ name: 'Life', trigger: { kind: 'manual' } },
      definition: { language: 1, actions: [{ key: 'call', type: 'http_request', with: request }] },
    })
    const dry = await client.workflows.dryRun(id, { params: {} })
    expect(dry.actions).toMatchObject([{ key: 'call', effect: 'outward', would: 'run' }])
    expect(await client.workflows.deploy(id, { activate: false })).toMatchObject({ reads: ['REGION', 'TOKEN'] })
    expect((await client.workflows.activate(id)).active).toBe(true)
    const deleted = client.secrets.delete('TOKEN')
    await expect(deleted).rejects.toBeInstanceOf(ClarionApiError)
    await expect(deleted).rejects.toMatchObject({ code: 'in_use' })
    expect((await client.workflows.undeploy(id)).deployed).toBeNull()
    expect(await client.workflows.rollback(id, 1)).toMatchObject({ version: 2, rollbackOf: 1 })
    expect((await client.workflows.version(id, 2)).definition).toMatchObject({ language: 1 })
    await client.workflows.delete(id)
    await client.secrets.delete('TOKEN')
    await expect(client.workflows.get(id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('shows its changes in the audit trail', async () => {
    const { id } = await client.workflows.create({
      name: 'Audited',
      trigger: { kind: 'manual' },
      definition: stop('x'),
    })
    await client.workflows.deploy(id)
    const { data } = await until(
      () => organization.call<Array<{ type: string }>>('GET', `/api/v1/audit?entityId=${id}`),
      answer => answer.data.length >= 2,
    )
    expect(data.map(({ type }) => type)).toEqual(['WORKFLOW_DEPLOYED', 'WORKFLOW_CREATED'])
  })
})

describe('runs', () => {
  it('are debugged, started, followed, listed, cancelled and tried again from the command line', async () => {
    const { id } = await client.workflows.create({ name: 'Runs', trigger: { kind: 'manual' } })
    const say = { key: 'say', type: 'transform', with: { template: '{{$param.n}}' } }
    const file = fileOf('runs.json', {
      language: 1,
      actions: [say, { key: 'no', type: 'fail', with: { reason: 'no' } }],
    })
    const debugged = await clarion('workflow', 'debug', id, file, '--params', '{"n":7}', '--stop-at', 'say', '--json')
    expect([debugged.code, debugged.json]).toMatchObject([
      0,
      { mode: 'debug', steps: [{ path: 'say', output: { value: 7 } }] },
    ])
    await clarion('workflow', 'deploy', id, file)
    const failed = await clarion('workflow', 'run', id, '--params', '{"n":8}')
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/1 say \(transform\) succeeded/)
    expect(failed.stdout).toMatch(/status +failed/)
    const listed = await clarion('workflow', 'runs', id, '--status', 'failed', '--json')
    expect(listed.json).toMatchObject([{ workflowId: id, status: 'failed', mode: 'manual' }])
    const [{ id: runId }] = listed.json as unknown as [{ id: string }]
    expect((await clarion('workflow', 'logs', runId)).stdout).toMatch(/2 no \(fail\)/)
    const again = await clarion('workflow', 'retry', runId, '--from', 'no', '--detach', '--json')
    expect(again.json).toEqual({ runId: expect.stringMatching(/^run_/) })
    const ended = await clarion('workflow', 'cancel', runId)
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('run_ended')])
  })
})
