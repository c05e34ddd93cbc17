/** The same calls by every kit on a live platform, and the quick starts of the sources in their languages. */

import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Asked, Kit, Said } from '../../../sdks/contract/kit.ts'
import { goProgram, pythonProgram } from '../../../sdks/contract/kits.ts'
import { PLATFORM_SCRIPT, type Step } from '../../../sdks/contract/platform-script.ts'
import { wholeAnswer } from '../../../sdks/contract/typescript-kit.ts'
import { cacheDirectory } from '../../../src/settings/config.ts'
import { patient } from '../../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { type Kits, openKits } from './kits.ts'
import { GO_QUICK_START, PYTHON_QUICK_START } from './quick-starts.ts'

let platform: TestPlatform
let kits: Kits
beforeAll(async () => {
  ;[platform, kits] = await Promise.all([sharedPlatform(), openKits()])
}, patient(180_000))
afterAll(() => {
  for (const kit of kits?.all ?? []) kit.close()
})

it(
  'sixty calls give the same results by every kit',
  async () => {
    expect(PLATFORM_SCRIPT.length).toBeGreaterThanOrEqual(60)
    const [first, ...others] = await Promise.all(kits.all.map(resultsOf))
    const differing = others.flatMap(({ kit, results }) =>
      PLATFORM_SCRIPT.map(({ call }, at) => ({ kit, at, call, said: results[at], first: first!.results[at] })).filter(
        ({ said, first: wanted }) => !isDeepStrictEqual(said, wanted),
      ),
    )
    expect(differing).toEqual([])
    const refused = first!.results.filter(result => 'refused' in result).map(({ refused: code }) => code)
    expect(refused).toContain('payload_invalid')
    expect(refused.length).toBeLessThan(15)
  },
  patient(120_000),
)

it(
  'every kit streams the log from its beginning, and goes on at its place',
  async () => {
    const organization = await platform.organization('ENTERPRISE')
    const emit = async (kind: string): Promise<string> =>
      (
        await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
          ...{ name: 'platformxe.generic', payload: { kind } },
        })
      ).data.eventId
    const emitted = [await emit('a'), await emit('b'), await emit('c')]
    for (const kit of kits.all) {
      const query = { types: ['platformxe.*'], from: 'earliest' }
      const asked = { baseUrl: platform.base, apiKey: organization.apiKey, query }
      const first = await kit.stream({ ...asked, leaveAfter: 2 })
      expect([kit.name, first.events, first.end]).toEqual([kit.name, emitted.slice(0, 2), 'left'])
      const second = await kit.stream({ ...asked, place: first.cursor, leaveAfter: 1 })
      expect([kit.name, second.events]).toEqual([kit.name, emitted.slice(2)])
    }
  },
  patient(120_000),
)

async function resultsOf(kit: Kit): Promise<{ kit: string; results: Array<Record<string, unknown>> }> {
  const organization = await platform.organization('ENTERPRISE')
  const kept = new Map<string, unknown>()
  const results: Array<Record<string, unknown>> = []
  for (const step of PLATFORM_SCRIPT) {
    const said = await kit.call(askedOf(step, organization, kept))
    const data = kit.name === 'TypeScript' ? wholeAnswer(step.call, said.data) : said.data
    for (const [name, path] of Object.entries(step.keep ?? {}))
      kept.set(
        name,
        path.split('.').reduce((at: unknown, part) => (at as Record<string, unknown> | undefined)?.[part], data),
      )
    results.push(
      normalized({ ...facts(said), ...(data === undefined ? {} : { data }) }, organization) as Record<string, unknown>,
    )
  }
  return { kit: kit.name, results }
}

const facts = ({ refused, status, lost, mistake, message }: Said) => ({
  refused,
  status,
  lost,
  mistake,
  ...(mistake === true ? { message } : {}),
})

function askedOf(step: Step, organization: TestOrganization, kept: ReadonlyMap<string, unknown>): Asked {
  const text = JSON.stringify(step).replaceAll('{slug}', organization.org.slug)
  const { keep: _, path, ...rest } = JSON.parse(text) as Step
  const ids = path?.map(id => (id.startsWith('$') ? String(kept.get(id.slice(1)) ?? 'none') : id))
  return {
    baseUrl: platform.base,
    apiKey: organization.apiKey,
    ...rest,
    ...(ids === undefined ? {} : { path: ids }),
  } as Asked
}

/** Without what differs from call to call: ids, times, secrets and the organization; and without what says nothing. */
function normalized(value: unknown, organization: TestOrganization): unknown {
  if (Array.isArray(value)) return value.map(each => normalized(each, organization))
  if (typeof value === 'object' && value !== null) {
    // Python's names are written back in camel case, whatever they were.
    const entries = Object.entries(value)
      .filter(([name]) => !CHANGING.has(name))
      .map(([name, each]) => [camel(name), normalized(each, organization)] as const)
    return Object.fromEntries(entries.filter(([, each]) => !saysNothing(each)))
  }
  if (typeof value !== 'string') return value
  return value
    .replaceAll(organization.org.id, 'ORG')
    .replace(new RegExp(organization.org.slug, 'gi'), 'SLUG')
    .replace(/\b(whsec|whpk|ck_\w+?)_[\w+/=-]{4,}/g, '$1_SECRET')
    .replace(/\b([a-z]{2,4})_[0-9a-z]{16,}\b/g, '$1_ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
}

/** Of the machine, and of a history that is behind. */
const CHANGING = new Set(['latencyMs', 'counters', 'countersReason'])
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const saysNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const run = promisify(execFile)
/** The sources' samples, with the name of the package replaced and a client before them. */
it.each([
  ['Python', PYTHON_QUICK_START],
  ['Go', GO_QUICK_START],
] as const)(
  'the quick start in %s emits the event that it says',
  async (language, sample) => {
    if (kits.missing.includes(language)) return
    const organization = await platform.organization('FREE')
    const folder = join(cacheDirectory(), 'contract', 'quick-start')
    mkdirSync(folder, { recursive: true })
    const env = { ...process.env, CLARION_URL: platform.base, CLARION_API_KEY: organization.apiKey }
    if (language === 'Python') {
      writeFileSync(join(folder, 'sample.py'), sample)
      const { python, path } = pythonProgram(join(cacheDirectory(), 'contract'))
      await run(python, [join(folder, 'sample.py')], { env: { ...env, PYTHONPATH: path } })
    } else {
      writeFileSync(join(folder, 'main.go'), sample)
      writeFileSync(join(folder, 'go.mod'), goProgram())
      await run('go', ['run', '.'], { cwd: folder, env })
    }
    const emits = async () => {
      const { data } = await platform.call(organization.apiKey, 'GET', '/api/v1/events/custom/health')
      return (data as { emits: { thisMonth: number } }).emits.thisMonth
    }
    // The api follows the counters a moment behind.
    for (let tries = 0; tries < 100 && (await emits()) === 0; tries++) await pause(100)
    expect(await emits()).toBe(1)
  },
  patient(120_000),
)
