/** Foreign PostgreSQL servers: kept, tested, and queried by steps of workflows. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { openSession } from '../../src/tables/store/session.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'

let platform: TestPlatform
let server: EmbeddedPostgres
beforeAll(async () => {
  platform = await sharedPlatform()
  server = await openEmbeddedPostgres({ dataDir: makeDataDirectory(), logger: silent })
  const session = await openSession(server)
  await session.run('create table parts (name text primary key, quantity int not null)')
  await session.run("insert into parts values ('bolt', 7)")
  await session.close()
}, 120_000)
afterAll(() => server?.close())

const PATH = '/api/v1/connections'
interface Tested {
  ok: boolean
  code: string | null
}
interface Run {
  id: string
  status: string
  error: { code: string } | null
  steps: Array<{ path: string; output: unknown; error: { code: string } | null }>
}

const settings = (more: object = {}) => {
  const { host, port, user, password, database } = server
  return { host, port, user, password, database, tls: 'disable', ...more }
}

async function put(organization: TestOrganization, name: string, more: object = {}) {
  const made = await organization.call('PUT', `${PATH}/${name}`, settings(more))
  expect([made.status, made.code]).toEqual([200, undefined])
  return made
}

async function deployed(organization: TestOrganization, actions: object[]): Promise<string> {
  const definition = { language: 1, actions }
  const made = await organization.call<{ id: string }>('POST', '/api/v1/workflows', {
    ...{ name: 'W', trigger: { kind: 'manual' }, definition },
  })
  const live = await organization.call('POST', `/api/v1/workflows/${made.data.id}/deploy`)
  expect([live.status, live.body]).toEqual([200, expect.anything()])
  return made.data.id
}

async function ran(organization: TestOrganization, workflow: string): Promise<Run> {
  const { data } = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${workflow}/run`)
  for (const deadline = performance.now() + 40_000; performance.now() < deadline; await pause(100)) {
    const found = await organization.call<Run>('GET', `/api/v1/workflows/runs/${data.runId}`)
    if (found.status === 200 && !['queued', 'running', 'waiting'].includes(found.data.status)) return found.data
  }
  throw new Error('The run does not end.')
}

it('a connection is kept with its password sealed, tested, and queried by steps', async () => {
  const organization = await platform.organization('PRO')
  const made = await put(organization, 'warehouse')
  expect(JSON.stringify(made.body)).not.toContain(server.password)
  expect(made.data).toMatchObject({ name: 'warehouse', host: server.host, port: server.port, tls: 'disable' })
  const tested = await organization.call<Tested>('POST', `${PATH}/warehouse/test`)
  expect(tested.data).toMatchObject({ ok: true, code: null })
  const query = (key: string, sql: string, more: object = {}) => ({
    ...{ key, type: 'sql_query', onError: 'continue' },
    with: { connection: 'warehouse', sql, ...more },
  })
  const workflow = await deployed(organization, [
    query('look', 'select quantity from parts where name = {{$param.none | default: "bolt"}}'.replaceAll('"', "'")),
    query('take', "update parts set quantity = quantity - 1 where name = 'bolt' returning quantity", { mode: 'write' }),
    query('sly', 'with x as (update parts set quantity = 0 returning 1) select * from x'),
    query('twice', "insert into parts values ('bolt', 1)", { mode: 'write' }),
    query('wrong', 'select * from nothing'),
  ])
  const run = await ran(organization, workflow)
  expect(run.status).toBe('succeeded')
  const [look, take, ...failed] = run.steps
  expect(look!.output).toEqual({ rows: [{ quantity: 7 }], rowCount: 1, first: { quantity: 7 } })
  expect(take!.output).toEqual({ rows: [{ quantity: 6 }], rowCount: 1, first: { quantity: 6 } })
  expect(failed.map(({ error }) => error?.code)).toEqual(['sql_refused', 'constraint_violated', 'sql_failed'])

  const used = await organization.call('DELETE', `${PATH}/warehouse`)
  expect([used.status, used.code]).toEqual([409, 'in_use'])
  await organization.call('POST', `/api/v1/workflows/${workflow}/undeploy`)
  expect((await organization.call('DELETE', `${PATH}/warehouse`)).status).toBe(200)
  expect((await organization.call('GET', `${PATH}/warehouse`)).status).toBe(404)
}, 90_000)

it('what cannot be reached, or refuses, says so when it is tested', async () => {
  const organization = await platform.organization('PRO')
  const outcome = async (more: object) => {
    await put(organization, 'other', more)
    const { data } = await organization.call<Tested>('POST', `${PATH}/other/test`)
    return [data.ok, data.code]
  }
  expect(await outcome({ password: 'wrong' })).toEqual([false, 'connection_refused'])
  expect(await outcome({ port: 1 })).toEqual([false, 'connection_failed'])
  expect(await outcome({ host: 'db.invalid', tls: 'verify' })).toEqual([false, 'connection_failed'])
  expect(await outcome({ tls: 'verify' })).toEqual([false, 'connection_refused'])
  // The platform itself, and an address that is not public.
  expect(await outcome({ port: Number(new URL(platform.base).port) })).toEqual([false, 'connection_refused'])
  expect(await outcome({ host: '169.254.169.254', tls: 'verify' })).toEqual([false, 'connection_refused'])
  const { data } = await organization.call<Array<{ name: string }>>('GET', PATH)
  expect(data.map(({ name }) => name)).toEqual(['other'])
}, 60_000)

it('settings that would show a password, and plans without connections, are refused', async () => {
  const organization = await platform.organization('PRO')
  const refusal = async (name: string, body: object, from = organization) => {
    const { status, code } = await from.call('PUT', `${PATH}/${name}`, body)
    return [status, code]
  }
  const invalid = [400, 'validation_failed']
  expect(await refusal('plain', settings({ host: 'db.example.com' }))).toEqual(invalid)
  expect(await refusal('tables', settings())).toEqual(invalid)
  expect(await refusal('Upper', settings())).toEqual(invalid)
  expect(await refusal('none', { ...settings(), password: undefined })).toEqual(invalid)
  expect(await refusal('url', settings({ host: 'postgres://x@y/z' }))).toEqual(invalid)
  const basic = await platform.organization('BASIC')
  expect(await refusal('other', settings(), basic)).toEqual([402, 'workflow_quota_exceeded'])
}, 60_000)
