/**
 * The program of a sandbox: takes a job at a time from its parent, and ends when the parent is gone, when the engine is
 * broken, or when the system takes it to have used enough. It imports nothing of the platform but the shape of a job.
 */
import variant from '@jitl/quickjs-wasmfile-release-sync'
import { newQuickJSWASMModuleFromVariant, type QuickJSSyncVariant } from 'quickjs-emscripten-core'
import type { Job, JobEnd, Wear } from '../job.ts'
import { runJob } from './run-job.ts'

const engine = await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant)

function ended(job: Job): JobEnd {
  try {
    return runJob(engine, job, () => performance.now())
  } catch (error) {
    return { state: 'broken', message: String(error).slice(0, 500) }
  }
}

process.on('disconnect', () => process.exit())
process.on('message', (job: Job) => {
  const end = ended(job)
  const { user, system } = process.cpuUsage()
  const wear: Wear = { rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 }
  process.send!({ end, wear }, () => {
    if (end.state === 'broken') process.exit(1)
  })
})
process.send!('ready')
