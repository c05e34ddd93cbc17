/**
 * The parts of the documents that are made from the code, each between `<!-- begin: name -->` and `<!-- end: name -->`. A test finds them
 * stale; `node_modules/.bin/node test/docs/write.ts` writes them anew.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawTopology, nameOf } from '../../processors/topology.ts'
import { type ContractSubject, contractCases } from '../../sdks/bus/src/contract/index.ts'
import { BUS_CODES } from '../../sdks/bus/src/index.ts'
import { createSchemaRegistryRoutes, type SchemaRegistryDeps } from '../../src/api/kafka/schema-registry.ts'
import { createRoutes, type Handlers } from '../../src/api/routes.ts'
import { DATA_FILES } from '../../src/embedded/data-files.ts'
import { SETTINGS } from '../../src/settings/config.ts'
import { ORGANIZATION_TOPICS, SHARED_TOPICS } from '../../topics/index.ts'
import { DAY_MS, type OrganizationTopic, type Topic } from '../../topics/topic.ts'
import {
  workflowActions,
  workflowFields,
  workflowFilters,
  workflowRules,
  workflowScopes,
  workflowStepCodes,
} from './workflow-blocks.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Block {
  /** The document, from the root of the project. */
  file: string
  name: string
  make(): string
}

export const BLOCKS: readonly Block[] = [
  { file: 'README.md', name: 'topology', make: () => `\`\`\`mermaid\n${drawTopology()}\n\`\`\`` },
  { file: 'README.md', name: 'settings', make: settings },
  { file: 'docs/architecture.md', name: 'topics', make: topics },
  { file: 'docs/api.md', name: 'routes', make: routes },
  { file: 'docs/operations.md', name: 'data-files', make: dataFiles },
  {
    file: 'docs/operations.md',
    name: 'metrics',
    make: () => table(['metric', 'labels', 'what it says'], metrics().map(metricRow)),
  },
  { file: 'docs/specification/bus.md', name: 'bus-contract', make: busContract },
  {
    file: 'docs/specification/bus.md',
    name: 'bus-codes',
    make: () =>
      table(
        ['code', 'meaning'],
        Object.entries(BUS_CODES).map(([name, meaning]) => [code(name), meaning]),
      ),
  },
  { file: 'docs/workflows.md', name: 'workflow-scopes', make: () => workflowScopes(table) },
  { file: 'docs/workflows.md', name: 'workflow-filters', make: () => workflowFilters(table) },
  { file: 'docs/workflows.md', name: 'workflow-actions', make: () => workflowActions(table) },
  { file: 'docs/workflows.md', name: 'workflow-fields', make: () => workflowFields(table) },
  { file: 'docs/workflows.md', name: 'workflow-step-codes', make: () => workflowStepCodes(table) },
  { file: 'docs/workflows.md', name: 'workflow-rules', make: () => workflowRules(table) },
]

/** The text with the block's content replaced. Throws when the document has no such block. */
export function withBlock(text: string, { file, name, make }: Block): string {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no block '${name}'`)
  return `${text.slice(0, from + begin.length)}\n${make()}\n${text.slice(to)}`
}

function settings(): string {
  const rows = SETTINGS.map(each => [
    code(each.name),
    each.sentence,
    each.default === '' ? '' : `${code(each.default)} ${each.unit ?? ''}`.trim(),
  ])
  return table(['setting', 'meaning', 'default'], rows)
}

function dataFiles(): string {
  const rows = DATA_FILES.map(({ path, meaning, loss, restore }) => [code(path), meaning, loss, restore])
  return table(['path', 'what it is', 'what its loss or damage does', 'what to do'], rows)
}

/** Every case, and the buses that it applies to. */
function busContract(): string {
  const titles = (subject: Pick<ContractSubject, 'failures' | 'isDurable'>) =>
    contractCases({ ...subject, open: () => Promise.reject(new Error('not opened')) }).map(({ title }) => title)
  const inMemory = titles({ failures: 'publisher', isDurable: false })
  const durable = titles({ failures: 'dead-letter', isDurable: true })
  const rows = [...new Set([...inMemory, ...durable])].map(title => {
    if (!durable.includes(title)) return [title, 'in memory']
    return [title, inMemory.includes(title) ? 'all' : 'over a broker']
  })
  return table(['guarantee', 'of which bus'], rows)
}

function topics(): string {
  const rows = [...ORGANIZATION_TOPICS, ...SHARED_TOPICS].map((topic: OrganizationTopic | Topic) => [
    code(nameOf(topic)),
    topic.meaning,
    topic.key,
    topic.cleanup === 'compact' ? 'newest of each key' : keptFor(topic.retentionMs!),
    `${topic.producers.join(', ') || 'nobody'} → ${topic.consumers.join(', ') || 'nobody'}`,
  ])
  return table(['topic', 'what it holds', 'key', 'kept', 'from → to'], rows)
}

const keptFor = (ms: number): string => (ms < DAY_MS ? `${ms / 3_600_000} h` : `${ms / DAY_MS} d`)

/** The route table asks for handlers only to hand them on. */
function routes(): string {
  const anything: unknown = new Proxy(() => undefined, { get: () => anything })
  const besides = (known: Record<string, unknown>) =>
    new Proxy(known, { get: (_, name) => known[name as string] ?? anything })
  const kafka = besides({ schemaRegistry: createSchemaRegistryRoutes(anything as SchemaRegistryDeps) })
  const rows = createRoutes(besides({ kafka }) as unknown as Handlers).map(({ method, path, access, summary }) => [
    code(`${method} ${path}`),
    access,
    summary,
  ])
  return table(['call', 'key', 'what it does'], rows)
}

interface Metric {
  name: string
  sentence: string
  labels: string[]
}

/** Every metric of ours, as the sources name it: the name, then its sentence, then its labels. */
export function metrics(): Metric[] {
  const found: Metric[] = []
  for (const file of readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .sort()) {
    const text = readFileSync(`${root}src/${file}`, 'utf8')
    for (const [, name, sentence, labels = ''] of text.matchAll(
      /'(clarion_\w+)',\s*(?:help: )?'([^']+)'(?:,\s*labelNames: \[([^\]]*)\])?/g,
    ))
      found.push({
        name: name!,
        sentence: sentence!,
        labels: labels
          .split(',')
          .map(label => label.trim().replaceAll("'", ''))
          .filter(Boolean),
      })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const metricRow = ({ name, sentence, labels }: Metric) => [code(name), labels.map(code).join(', '), sentence]

const code = (text: string) => `\`${text}\``

function table(heading: string[], rows: string[][]): string {
  return [heading, heading.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}
