/**
 * The official JSON Schema Test Suite, draft 2020-12, against the judge that admission asks about every payload. The limits on schemas are off,
 * since the suite has roots that are no objects, endless schemas and references to other documents.
 */

import type { Schema } from '../../src/registry/references.ts'
import { createJudge } from '../../src/registry/validation/judge.ts'
import type { Suite, SuiteResult } from '../suite.ts'
import { dataFolder, type Group, readDocuments, readGroups } from './data.ts'

export const suite: Suite = {
  title: 'the official JSON Schema Test Suite, draft 2020-12, against the judge of admission',
  needs: [],
  async run(log) {
    const folder = dataFolder()
    const documents = readDocuments(folder)
    log('required tests (formats judge nothing, as the draft has it)')
    const required = runFiles(readGroups(folder, ''), { formats: 'annotate', documents }, log)
    log('')
    log('optional/format (formats judge, as admission has it)')
    const formats = runFiles(readGroups(folder, 'optional/format'), { formats: 'assert', documents }, log)
    return {
      passed: required.passed + formats.passed,
      failed: required.failed + formats.failed,
      explained: required.explained + formats.explained,
    }
  },
}

/** Groups that conformance/README.md explains: none of them is judged wrong by a schema that can be registered. */
const EXPLAINED = [/^schema that uses custom metaschema with with no validation vocabulary$/]
const REFUSED_FORMATS = /unknown format "(?:idn-email|idn-hostname|iri|iri-reference|unknown)"/

interface Conditions {
  formats: 'assert' | 'annotate'
  documents: ReadonlyMap<string, Schema>
}

function runFiles(
  files: Map<string, Group[]>,
  conditions: Conditions,
  log: (line: string) => void,
): Required<SuiteResult> {
  const total = { passed: 0, failed: 0, explained: 0 }
  for (const [file, groups] of files) {
    const results = groups.map(group => runGroup(group, conditions))
    const count = groups.reduce((sum, { tests }) => sum + tests.length, 0)
    const failed = results.reduce((sum, result) => sum + result.failed, 0)
    total.passed += count - failed
    total.failed += failed
    total.explained += results.reduce((sum, result) => sum + (result.isExplained ? result.failed : 0), 0)
    log(`${file.padEnd(32)} ${String(count - failed).padStart(4)}/${count}`)
    for (const line of results.flatMap(({ lines }) => lines)) log(`    ${line}`)
  }
  log(`${'together'.padEnd(32)} ${String(total.passed).padStart(4)}/${total.passed + total.failed}`)
  return total
}

interface GroupResult {
  failed: number
  isExplained: boolean
  lines: string[]
}

function runGroup({ description, schema, tests }: Group, conditions: Conditions): GroupResult {
  const isExplained = EXPLAINED.some(each => each.test(description))
  try {
    const judge = createJudge(schema, { dialect: 'json-schema-2020-12', ...conditions })
    const wrong = tests.filter(({ data, valid }) => judge.isValid(data) !== valid)
    return { failed: wrong.length, isExplained, lines: wrong.map(test => `${description}: ${test.description}`) }
  } catch (error) {
    const { message } = error as Error
    return {
      failed: tests.length,
      isExplained: REFUSED_FORMATS.test(message),
      lines: [`${description}: all refused, ${message}`],
    }
  }
}
