import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createReaderWatch } from '../../src/kafka/read/reader-watch.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { BLOCKS, metrics, root, withBlock } from './blocks.ts'

const read = (file: string): string => readFileSync(root + file, 'utf8')
const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))
/** Text outside of code blocks. */
const prose = (file: string): string => read(file).replace(/```[\s\S]*?```/g, '')
/** Cells of every row of the tables of a text, headings left out. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\|(?! *-)(.*)\|$/gm)].map(([, row]) => row!.split(/(?<!\\)\|/).map(cell => cell.trim()))

describe('the documents', () => {
  it.each(BLOCKS.map(block => [block.file, block.name, block] as const))(
    '%s: its block "%s" is what the code says (else: node_modules/.bin/node test/docs/write.ts)',
    (file, _name, block) => expect(read(file)).toBe(withBlock(read(file), block)),
  )

  it.each(DOCUMENTS)('%s: every link leads somewhere', file => {
    const targets = [...prose(file).matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target]) => target!)
      .filter(target => !/^https?:/.test(target))
    for (const target of targets)
      expect([target, existsSync(join(root, dirname(file), target.split('#')[0]!))]).toEqual([target, true])
  })

  it.each(DOCUMENTS)('%s: every file of the project that it names is there', file => {
    const named = [...read(file).matchAll(/`((?:src|topics|processors|bin|test|demo|bench|docs)\/[\w./-]*)`/g)].map(
      ([, path]) => path!,
    )
    for (const path of named) expect([path, existsSync(join(root, path))]).toEqual([path, true])
  })

  it('the metrics of operations.md are all there are', () => {
    const inSources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .flatMap(name => [...read(`src/${name}`).matchAll(/'(clarion_\w+)'/g)].map(([, metric]) => metric!))
    expect(metrics().map(each => each.name)).toEqual([...new Set(inSources)].sort())
  })
})

it('docs/operations.md names no metric that a process does not export', async () => {
  const exported = createMetrics()
  exported.cluster({ ailing: () => [] })
  exported.readers(createReaderWatch())
  const text = await exported.text()
  const sources = metrics().map(({ name }) => name)
  const named = new Set(read('docs/operations.md').match(/clarion_[a-z_]+/g))
  expect([...named].filter(name => !sources.includes(name))).toEqual([])
  for (const name of ['clarion_partitions_below_min_isr', 'clarion_commit_unknown_total', 'clarion_offset_gaps_total'])
    expect(text).toContain(`# TYPE ${name} `)
})

describe('docs/architecture.md', () => {
  it('names for every promise tests that exist under that title', () => {
    const text = read('docs/architecture.md')
    const promises = text.slice(text.indexOf('## Promises'), text.indexOf('\n## ', text.indexOf('## Promises') + 3))
    const held = [...promises.matchAll(/`(test\/[\w./-]+\.ts)`: “([^”]+)”/g)].map(([, file, title]) => ({
      file: file!,
      title: title!,
    }))
    expect(held.length).toBeGreaterThan(10)
    for (const { file, title } of held) expect([file, title, read(file).includes(title)]).toEqual([file, title, true])
  })

  it('follows one event through at most eight files', () => {
    const text = read('docs/architecture.md')
    const section = text.slice(text.indexOf('## One event'), text.indexOf('\n## ', text.indexOf('## One event') + 3))
    const files = new Set([...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path]) => path))
    expect(files.size).toBeGreaterThan(4)
    expect(files.size).toBeLessThanOrEqual(8)
  })
})

describe('docs/decisions', () => {
  const files = readdirSync(`${root}docs/decisions`).sort()

  it('are numbered without a gap', () => {
    expect(files.map(name => Number(name.slice(0, 4)))).toEqual(files.map((_, index) => index + 1))
  })

  it.each(files)('%s says context, decision, consequence and when to look again', name => {
    const headings = [...read(`docs/decisions/${name}`).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading)
    expect(headings.slice(1)).toEqual(['Context', 'Decision', 'Consequence', 'Look again'])
  })
})

describe('docs/dependencies.md', () => {
  it('has one line for each dependency, with the version and licence that are installed', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const lines = rowsOf(read('docs/dependencies.md')).filter(([name]) => name!.startsWith('`'))
    expect(lines.map(([name]) => name!.replaceAll('`', '')).sort()).toEqual(
      Object.keys({ ...dependencies, ...devDependencies }).sort(),
    )
    for (const [name, version, licence] of lines) {
      const installed = JSON.parse(read(`node_modules/${name!.replaceAll('`', '')}/package.json`)) as {
        version: string
        license?: string
      }
      expect([name, version, licence]).toEqual([name, installed.version, installed.license ?? licence])
    }
  })
})

describe('docs/glossary.md', () => {
  it('has every word once, in the order of the alphabet', () => {
    const words = rowsOf(read('docs/glossary.md'))
      .map(([word]) => word!)
      .filter(word => word !== 'word')
    expect(words.length).toBeGreaterThan(50)
    expect(words).toEqual([...new Set(words)].sort((a, b) => a.localeCompare(b, 'en')))
  })
})
