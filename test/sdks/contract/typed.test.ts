/** Emits of generated types: each kit sends their schema hash, and says when another schema judges. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createScriptedServer, type ScriptedServer } from '../../../sdks/contract/scripted-server.ts'
import { generateTypes } from '../../../src/registry/types/generate-types.ts'
import { SCHEMAS, sourceOf } from '../../registry/types/schemas.ts'
import { patient } from '../../support/patience.ts'
import { type Kits, openKits } from './kits.ts'

let kits: Kits
let server: ScriptedServer
beforeAll(async () => {
  ;[kits, server] = await Promise.all([openKits(), createScriptedServer()])
}, patient(180_000))
afterAll(async () => {
  for (const kit of kits?.all ?? []) kit.close()
  await server?.close()
})

const source = sourceOf('order.placed', SCHEMAS.order!)
const FILES = { typescript: 'order.ts', python: 'python/order.py', go: 'go/events/order.go' } as const

it.each(Object.entries(FILES))('the types of the samples in %s are generated', (language, file) => {
  const text = readFileSync(new URL(`../../../sdks/contract/${file}`, import.meta.url), 'utf8')
  // The formatter of this repository writes no semicolon.
  expect(text).toBe(generateTypes(source, language as keyof typeof FILES).replace(/';\n$/, "'\n"))
})

it('each kit names the event, sends its hash, and passes on the version that judges', async () => {
  const hash = source.schemaHash
  const payload = { id: 'o-1', at: '2026-01-01T00:00:00Z' }
  for (const [at, kit] of kits.all.entries()) {
    for (const isAsync of kit.name === 'Python' ? [false, true] : [false]) {
      const id = 1_000 + at * 2 + Number(isAsync)
      const baseUrl = server.urlOf(id, ['drifted emit', 'drifted batch', 'drifted emit'])
      const { drifts } = await kit.typed({ baseUrl, async: isAsync })
      const sent = server.attemptsOf(id).map(({ schemaHash, emits }) => [schemaHash, emits])
      expect([kit.name, sent]).toEqual([
        kit.name,
        [
          [hash, [['order.placed', payload, undefined]]],
          [
            `order.placed=${hash}`,
            [
              ['order.placed', payload, undefined],
              ['order.placed', payload, 's'],
              ['a.b', {}, undefined],
            ],
          ],
          ['abc', [['a.b', {}, undefined]]],
        ],
      ])
      expect([kit.name, drifts]).toEqual([
        kit.name,
        [
          ['order.placed', '1.1.0'],
          ['order.placed', '1.1.0'],
          ['a.b', '2.0.0'],
          ['a.b', '1.1.0'],
        ],
      ])
    }
  }
})
