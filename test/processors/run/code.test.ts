/** Steps of code: what a job is given, and what becomes of its end. */
import { expect, it } from '@jest/globals'
import type { Job } from '../../../src/sandbox/job.ts'
import type { CodeEnd, SandboxPool } from '../../../src/sandbox/pool.ts'
import { OK } from './memory-outside.ts'
import { createMemoryRun } from './memory-run.ts'

const code = {
  key: 'c',
  type: 'custom_code',
  with: { code: 'return input', input: { n: '{{$param.n}}' }, timeoutMs: 700 },
}
const ask = {
  key: 'ask',
  type: 'http_request',
  with: { url: 'http://supplier.test/', method: 'POST', body: "{{$action['c'].value}}" },
}

function scripted(answer: (job: Job, number: number) => CodeEnd) {
  const jobs: Job[] = []
  const sandboxes: SandboxPool = {
    async run(_organizationId, job) {
      jobs.push(job)
      return answer(job, jobs.length)
    },
    close: () => undefined,
  }
  return { jobs, sandboxes }
}
const done = (value: string): CodeEnd => ({ state: 'done', value, logs: ['l'] })

it('a job has the time of the run and randomness of the step, the same again after a crash', async () => {
  const { jobs, sandboxes } = scripted(({ input }) => done(input))
  const memory = createMemoryRun(() => OK, { sandboxes })
  memory.event([memory.deploy({ actions: [code, ask] })], { n: 12_345_678_901_234 })
  memory.read()
  memory.commit()
  memory.crash()
  memory.clock.advance(5_000)
  await memory.settle()
  expect(jobs).toHaveLength(2)
  expect(jobs[1]).toEqual(jobs[0])
  expect(jobs[0]).toMatchObject({ code: 'return input', input: '{"n":12345678901234}', timeoutMs: 700, memoryMb: 32 })
  expect(memory.steps()[0]!.output).toBe('{"value":{"n":12345678901234},"logs":["l"]}')
})

it('nothing leaves on the strength of an answer of code that has not committed', async () => {
  const { sandboxes } = scripted((_job, number) => done(String(number)))
  const memory = createMemoryRun(() => OK, { sandboxes })
  memory.event([memory.deploy({ actions: [code, ask] })], { n: 1 })
  memory.read()
  await memory.breathe()
  expect(memory.requests).toEqual([])
  memory.crash()
  await memory.settle()
  expect(memory.requests.map(({ body }) => body?.toString())).toEqual(['2'])
  expect(memory.steps()[0]!.output).toBe('{"value":2,"logs":["l"]}')
})

it('a failure has the code and the last lines; what may pass is tried again', async () => {
  const failures: CodeEnd[] = [
    { state: 'failed', code: 'code_busy', message: 'Busy.', logs: [] },
    { state: 'failed', code: 'code_error', message: 'TypeError: x', logs: ['before it'] },
  ]
  const { jobs, sandboxes } = scripted((_job, number) => failures[number - 1]!)
  const memory = createMemoryRun(undefined, { sandboxes })
  memory.event([memory.deploy({ actions: [{ ...code, retry: { attempts: 5, firstSeconds: 1 } }] })], { n: 1 })
  await memory.settle()
  memory.clock.advance(1_000)
  await memory.settle()
  expect(jobs).toHaveLength(2)
  expect(memory.ended()).toMatchObject([{ errorCode: 'code_error', errorMessage: 'TypeError: x\nbefore it' }])
})

it('a plan that has no code any more runs none, and code with a NUL is refused', async () => {
  const { jobs, sandboxes } = scripted(() => done('1'))
  const memory = createMemoryRun(undefined, { sandboxes })
  memory.event([memory.deploy({ actions: [{ ...code, with: { code: 'return "\0"' } }] })])
  await memory.settle()
  memory.control('organization', { ...memory.organization, plan: 'BASIC' } as never)
  memory.event([memory.deploy({ actions: [code] })], { n: 1 })
  await memory.settle()
  expect(memory.ended().map(({ errorCode }) => errorCode)).toEqual(['code_error', 'code_error'])
  expect(jobs).toEqual([])
})
