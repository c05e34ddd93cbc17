/**
 * `npm run conformance`: suites of others (`<name>/suite.ts`), each against the very code that the platform runs. Ends with
 * `N passed, N failed`; the exit code is 0 when nothing failed beyond the differences that conformance/README.md explains.
 */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Suite, SuiteResult } from './suite.ts'

const HERE = import.meta.dirname
const NAMES = readdirSync(HERE).filter(name => existsSync(join(HERE, name, 'suite.ts')))

const HELP = `Usage: npm run conformance -- [options]

Runs the suites of others against the platform. Where their material is, and what differs for what reason: conformance/README.md.

  --only LIST   of ${NAMES.join(', ')} (all of them)
  --help
`

process.exit(await main())

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } })
    if (values.help) {
      console.log(HELP)
      return 0
    }
    const total = { passed: 0, failed: 0, explained: 0 }
    for (const name of namesOf(values.only)) {
      const { passed, failed, explained = 0 } = await run(name)
      total.passed += passed
      total.failed += failed
      total.explained += explained
    }
    if (total.explained > 0)
      console.log(`\nOf the failed, ${total.explained} are differences that conformance/README.md explains.`)
    console.log(`\n${total.passed} passed, ${total.failed} failed`)
    return total.failed === total.explained ? 0 : 1
  } catch (error) {
    console.error(`clarion conformance: ${(error as Error).message}; try --help`)
    return 1
  }
}

function namesOf(list: string | undefined): string[] {
  if (list === undefined) return NAMES
  const asked = list.split(',').map(name => name.trim())
  const unknown = asked.find(name => !NAMES.includes(name))
  if (unknown !== undefined) throw new Error(`there is no suite '${unknown}'; the suites are ${NAMES.join(', ')}`)
  return NAMES.filter(name => asked.includes(name))
}

/** A suite that cannot be run is one failure: what was not checked does not conform. */
async function run(name: string): Promise<SuiteResult> {
  try {
    const { suite } = (await import(`./${name}/suite.ts`)) as { suite: Suite }
    console.log(`\n${name}: ${suite.title}\n`)
    const missing = suite.needs.filter(({ tool }) => !isOnPath(tool))
    for (const { tool, why } of missing) console.log(`  ${tool} is not on the PATH; it is needed to ${why}`)
    if (missing.length > 0) return { passed: 0, failed: missing.length }
    const result = await suite.run(line => console.log(`  ${line}`))
    console.log(`\n  ${name}: ${result.passed} passed, ${result.failed} failed`)
    return result
  } catch (error) {
    console.log(`  ${name} could not be run: ${(error as Error).stack ?? error}`)
    return { passed: 0, failed: 1 }
  }
}

function isOnPath(tool: string): boolean {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']
  const places = (process.env.PATH ?? '').split(delimiter).filter(place => place !== '')
  return places.some(place => endings.some(ending => isExecutable(join(place, tool + ending))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
