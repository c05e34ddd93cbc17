import { expect, it } from '@jest/globals'
import type { Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { asShardWork } from '../../src/kafka/runtime/shard-work.ts'

it('a task that runs as the work of its shard has everything that the task has, and nothing else', async () => {
  const called: unknown[] = []
  const note = (name: string) => (...given: unknown[]) => void called.push([name, ...given]) // biome-ignore format: one thought
  /** The compiler checks that this has every method of a task. */
  const task: Required<ShardTask> = {
    restore: note('restore'),
    start: note('start'),
    receive: note('receive'),
    seal: () => [],
    committed: note('committed'),
    rollback: note('rollback'),
    pausesChanged: note('pausesChanged'),
    degraded: () => 'a sentence',
    drain: async () => note('drain')(),
    close: note('close'),
  }
  const opened = (of: ShardTask) => {
    const processor: Processor = { role: 'admit', stateTopics: [], open: () => of }
    return asShardWork(processor).open({ role: 'admit', shard: 0 } as ShardHandle)
  }
  const work = opened(task)
  expect(Object.keys(work).sort()).toEqual(Object.keys(task).sort())
  work.receive([], 7, true)
  work.rollback?.()
  await work.drain?.()
  expect(called).toEqual([['receive', [], 7, true], ['rollback'], ['drain']])
  expect([work.seal(), work.degraded?.()]).toEqual([[], 'a sentence'])
  const { restore, start, receive, seal, close } = task
  expect(opened({ restore, start, receive, seal, close }).rollback).toBeUndefined()
})
