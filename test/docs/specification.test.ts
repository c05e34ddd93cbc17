/** The specification against the code: headings that are linked to, codes with their status, and the plans. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { CODES } from '../../src/model/codes.ts'
import { PLAN_LIMITS } from '../../src/model/plans.ts'
import { root } from './blocks.ts'

const read = (file: string): string => readFileSync(root + file, 'utf8')
const filesIn = (folder: string, end: string): string[] =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(end) && !name.includes('node_modules'))
    .map(name => `${folder}/${name}`)

const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...filesIn('docs', '.md')]
const PAGES = filesIn('docs/specification', '.md')
const SOURCES = ['src', 'processors', 'topics', 'test', 'sdks', 'conformance', 'demo', 'bench', 'faults'].flatMap(
  folder => filesIn(folder, '.ts'),
)
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '')

/** Anchors as GitHub makes them of headings. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading] of withoutCode(read(file)).matchAll(/^#+ +(.+)$/gm)) {
    const text = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

describe('links to headings', () => {
  it.each(DOCUMENTS)('of %s lead to headings that exist', file => {
    const targets = [...withoutCode(read(file)).matchAll(/\]\(([^)\s]*#[^)\s]+)\)/g)].map(([, target]) => target!)
    for (const target of targets.filter(each => !/^https?:/.test(each))) {
      const [path = '', anchor = ''] = target.split('#')
      const page = path === '' ? file : normalize(join(dirname(file), path))
      expect([target, anchorsOf(page).has(anchor)]).toEqual([target, true])
    }
  })

  it('of source files lead to pages and headings that exist', () => {
    const broken = SOURCES.flatMap(file =>
      [...read(file).matchAll(/\b(docs\/[\w./-]+\.md)#([\w-]+)/g)]
        .filter(([, page, anchor]) => !anchorsOf(page!).has(anchor!))
        .map(([link]) => `${file}: ${link}`),
    )
    expect(broken).toEqual([])
  })
})

describe('docs/specification', () => {
  it('names codes with the status that they have', () => {
    const named = PAGES.flatMap(file =>
      [...read(file).matchAll(/\b([45]\d\d) `([a-z_]+)`/g)].map(([, status, code]) => ({ file, status, code })),
    )
    expect(named.length).toBeGreaterThan(100)
    const wrong = named.filter(({ status, code }) => CODES[code as keyof typeof CODES]?.status !== Number(status))
    expect(wrong).toEqual([])
  })

  it('says of every code where it comes from', () => {
    const text = PAGES.map(read).join('\n')
    expect(Object.keys(CODES).filter(code => !text.includes(`\`${code}\``))).toEqual([])
  })

  it('has the plans as the code has them', () => {
    const rows = [
      ...read('docs/specification/organizations.md').matchAll(
        /^\| ([a-z][^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm,
      ),
    ]
    const said = Object.fromEntries(rows.map(([, name, ...cells]) => [name, cells]))
    const plans = Object.values(PLAN_LIMITS)
    const number = (value: number | null) => (value === null ? 'unlimited' : value.toLocaleString('en-US'))
    expect(said).toEqual({
      registrations: plans.map(plan => number(plan.registrations)),
      'accepted live emits a month': plans.map(plan => number(plan.monthlyEmits)),
      'accepted test emits a month': plans.map(plan => number(plan.monthlyTestEmits)),
      'published versions of a name': plans.map(
        ({ versioning }) => ({ none: 'none', latest: 'the latest', full: 'all' })[versioning],
      ),
      webhooks: plans.map(plan => number(plan.webhooks)),
      'active workflows': plans.map(plan => number(plan.activeWorkflows)),
      'active API routes': plans.map(plan => number(plan.deployedRoutes)),
      'idempotency keys of calls, kept for a day': plans.map(plan => number(plan.callKeys)),
      'minutes between two ticks of a schedule, at least': plans.map(plan => number(plan.schedulePeriodMinutes)),
      'runs under way together': plans.map(plan => number(plan.activeRuns)),
      'runs that wait for a slot': plans.map(plan => number(plan.queuedRuns)),
      'runs that wait for a time': plans.map(plan => number(plan.parkedRuns)),
      'sql in workflows': plans.map(plan => (plan.sqlQueries ? 'yes' : 'no')),
      'code in workflows': plans.map(plan => (plan.customCode ? 'yes' : 'no')),
      'idempotency keys remembered': plans.map(plan => number(plan.idempotencyKeys)),
      'replayed deliveries a UTC day': plans.map(plan => number(plan.replayedPerDay)),
      'pulls a second': plans.map(plan => number(plan.pullsPerS)),
      'changes of the reference domain a second': plans.map(plan => number(plan.domainChangesPerS)),
      'records of the reference domain of a kind that have not ended': plans.map(plan => number(plan.domainRecords)),
      inspectors: plans.map(plan => number(plan.inspectors)),
      queues: plans.map(plan => number(plan.queues)),
      'calls of queues a second': plans.map(plan => number(plan.queueCallsPerS)),
      'notifications a UTC day': plans.map(plan => number(plan.notificationsPerDay)),
      'notification channels': plans.map(plan => number(plan.channels)),
      'own Kafka clients, bytes/s in each direction': plans.map(plan => number(plan.kafkaBytesPerS)),
      'partitions at most': plans.map(plan => number(plan.partitionsMax)),
      'tables of an environment': plans.map(plan => number(plan.tables)),
      "bytes of an environment's tables": plans.map(plan => number(plan.tableBytes)),
      'own SQL on tables': plans.map(plan => (plan.sql ? 'yes' : 'no')),
      federation: plans.map(plan => (plan.federation ? 'yes' : 'no')),
    })
  })

  it('names no clause of a document outside the repository', () => {
    const clauses = [...PAGES, 'CONTRIBUTING.md'].flatMap(
      file => read(file).match(/\b(?:[BC]\.\d[\d.]*|(?:PX|PF|PD|CP|K|D)-\d+)\b/g) ?? [],
    )
    expect(clauses).toEqual([])
  })
})
