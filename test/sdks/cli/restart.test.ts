/** `clarion listen` over a restart of the platform: nothing is missing, nothing is shown twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createClient } from '../../../sdks/typescript/src/index.ts'
import { testsUseContainers } from '../../support/containers.ts'
import { startPlatform, type TestPlatform } from '../../support/platform.ts'
import { createReceiver } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'
import { type Running, runCommand, startCommand } from '../support/command.ts'

let platform: TestPlatform
const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))
const file = join(directory, 'kafka.json')
const place = join(directory, 'place')
beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(async () => {
  for (const each of started) each.kill()
  rmSync(directory, { recursive: true, force: true })
  await platform?.stop()
}, 60_000)

const started: Running[] = []
function start(env: Record<string, string>, ...words: string[]): Running {
  const running = startCommand(env, words)
  started.push(running)
  return running
}
const kindsOf = (listening: Running): string[] =>
  [...listening.stdout().matchAll(/"kind":"([^"]*)"/g)].map(([, kind]) => kind!)
const sees = (listening: Running, kind: string) => until(() => kindsOf(listening).includes(kind), Boolean)

const restarted = testsUseContainers() ? it.skip : it
restarted(
  'over HTTP and by Kafka: it says that nobody answers, goes on when the platform is back, and ends with 0',
  async () => {
    const { apiKey } = await platform.organization('PRO')
    const env = { CLARION_URL: platform.base, CLARION_API_KEY: apiKey }
    expect((await runCommand(env, ['credentials', 'create', 'laptop', '--out', file])).code).toBe(0)
    const client = createClient({ baseUrl: platform.base, apiKey })
    const emit = (kind: string) => client.events.custom.emit({ name: 'platformxe.generic', payload: { kind } })
    const receiver = await createReceiver()
    const listening = [
      start(env, 'listen', '--place', place, '--forward-to', receiver.url),
      start(env, 'listen', '--kafka', file),
      start(env, 'consume', '--kafka', file, '--group', 'mine'),
    ]
    await Promise.all([
      listening[0]!.says('listening'),
      ...listening.slice(1).map(each => each.says('reading events.')),
    ])
    await emit('before')
    for (const each of listening) await sees(each, 'before')
    await platform.stop()
    await Promise.all([
      listening[0]!.says('Once more in'),
      ...listening.slice(1).map(each => each.says('the brokers are away')),
    ])
    platform = await startPlatform({ dataDir: platform.dataDir, port: Number(new URL(platform.base).port) })
    await emit('after')
    await emit('last')
    for (const each of listening) {
      await sees(each, 'last')
      each.interrupt()
      const { code } = await each.finished
      expect([code, kindsOf(each)]).toEqual([0, ['before', 'after', 'last']])
    }
    expect(listening[0]!.stderr()).toContain('it answers again; going on behind #1')
    expect(receiver.requests.length).toBe(3)
    // A later run goes on at the place that was kept, though more was emitted meanwhile.
    for (const kind of ['while', 'nobody', 'listens']) await emit(kind)
    const later = start(env, 'listen', '--place', place)
    await sees(later, 'listens')
    later.interrupt()
    await later.finished
    expect(kindsOf(later).slice(-3)).toEqual(['while', 'nobody', 'listens'])
    expect(kindsOf(later).length).toBeLessThanOrEqual(4)
    await receiver.close()
  },
  180_000,
)
