import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { loadOrCreateKeys } from '../../src/embedded/keys.ts'

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
