/**
 * Types on demand. Generating takes up to a second of pure computation, so each runs in a thread of its own, one at a
 * time: requests and admission continue meanwhile.
 */
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { TypeSource } from './generate-types.ts'
import type { Language } from './languages.ts'

export interface TypeGenerator {
  /** Errors: `service_unavailable` when too many wait already, or it takes too long. */
  generate(source: TypeSource, language: Language): Promise<string>
}

const TIME_MAX_MS = 10_000
const WAITING_MAX = 20
/** A schema never changes, nor do its types. */
const KEPT_MAX = 200
const MEMORY_MAX_MB = 256

export function createTypeGenerator({ clock }: { clock: Clock }): TypeGenerator {
  const kept = new Map<string, string>()
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function inTurn(source: TypeSource, language: Language): Promise<string> {
    if (waiting >= WAITING_MAX) throw tooBusy('Too many types are being generated.')
    waiting++
    const mine = last.then(() => inThread(source, language, clock))
    last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      waiting--
    }
  }

  return {
    async generate(source, language) {
      const key = `${language} ${source.canonicalName} ${source.schemaHash}`
      const code = kept.get(key) ?? (await inTurn(source, language))
      kept.set(key, code)
      if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value as string)
      return code
    },
  }
}

function inThread(
  { namespace, name, canonicalName, schemaHash, payloadSchema }: TypeSource,
  language: Language,
  clock: Clock,
) {
  const source: TypeSource = { namespace, name, canonicalName, schemaHash, payloadSchema }
  const worker = new Worker(new URL('./type-worker.ts', import.meta.url), {
    workerData: { source, language },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB },
  })
  worker.unref()
  return new Promise<string>((resolve, reject) => {
    const timer = clock.after(TIME_MAX_MS, () => reject(tooBusy('Generating the types takes too long.')))
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => {
      timer.cancel()
      reject(tooBusy('Generating the types ended early.'))
    })
  }).finally(() => worker.terminate())
}

const tooBusy = (message: string) => new ClarionError('service_unavailable', message)
