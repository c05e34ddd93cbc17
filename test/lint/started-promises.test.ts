/** An unhandled rejection ends a process or hides a fault: no source leaves a started promise alone. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { API, type Project } from 'typescript/unstable/sync'
import { findStartedPromises } from './started-promises.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = `${root}test/lint/examples/started-promises.ts`
const SOURCES = /^(src|processors|topics|sdks|demo|bench|faults)\//

let compiler: API
let project: Project
beforeAll(() => {
  compiler = new API({ cwd: root })
  project = compiler.updateSnapshot({ openProject: `${root}tsconfig.json` }).getProjects()[0]!
})
afterAll(() => compiler?.close())

it('promises that start together are awaited together, in every source file', () => {
  const files = project.program
    .getSourceFileNames()
    .filter(file => file.startsWith(root) && SOURCES.test(file.slice(root.length)))
  expect(files.length).toBeGreaterThan(300)
  expect(files.flatMap(file => findStartedPromises(project, file))).toEqual([])
})

it('a promise that is started and left alone while another one is awaited is found', () => {
  const lines = readFileSync(example, 'utf8').split('\n')
  const marked = lines.flatMap((line, index) => (line.endsWith('// found') ? [index + 1] : []))
  expect(findStartedPromises(project, example).map(({ line }) => line)).toEqual(marked)
})
