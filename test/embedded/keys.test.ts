import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { loadOrCreateKeys } from '../../src/embedded/keys.ts'
import { preflight } from '../../src/embedded/preflight.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'clarion-keys-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

it('makes the keys of an installation once, for its own user only, also when two processes ask at once', async () => {
  const [first, second] = await Promise.all([
    loadOrCreateKeys(dataDir, createSystemRandom()),
    loadOrCreateKeys(dataDir, createSystemRandom()),
  ])
  expect(second).toEqual(first)
  expect(await loadOrCreateKeys(dataDir, createSystemRandom())).toEqual(first)
  expect(first.adminKey).toMatch(/^ck_admin_[\w-]{43}$/)
  expect(first.secretKey).toMatch(/^[\w-]{43}$/)
  expect(statSync(join(dataDir, 'keys.json')).mode & 0o777).toBe(0o600)
})

it.each(['', '{"adminKey":"ck_adm', '{}', '{"adminKey":"a","secretKey":"b"}', '[]'])(
  'never writes over keys that it cannot read, nor shows them: %s',
  async text => {
    const path = join(mkdtempSync(join(dataDir, 'damaged-')), 'keys.json')
    writeFileSync(path, text)
    const refused = await loadOrCreateKeys(dirname(path), createSystemRandom()).catch((error: Error) => error.message)
    expect(refused).toMatch(
      /keys\.json (exists and cannot be read|does not hold what it should).*Restore it from a backup/,
    )
    expect(refused).not.toContain('ck_adm')
    expect(readFileSync(path, 'utf8')).toBe(text)
  },
)

it('are not made beside a log that depends on others, not by a process that joins either', async () => {
  const directory = mkdtempSync(join(dataDir, 'joined-'))
  mkdirSync(join(directory, 'kafka', 'data', 'control-0'), { recursive: true })
  const progress = { info: () => undefined, warn: () => undefined }
  await expect(
    preflight({ dataDir: directory, kafka: false, clickhouse: false, keys: true }, progress),
  ).rejects.toThrow(/keys\.json is missing, though there is a log in/)
})
