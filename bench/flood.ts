/** Starts and stops an application that floods a topic. */
import type { FloodMessage, FloodSettings } from './flood-producer.ts'
import type { Testbed } from './testbed.ts'

export interface Flood {
  /** Records acknowledged so far. */
  produced(): number
  /** Resolves with how many were acknowledged in all. */
  stop(): Promise<number>
}

/** Resolves when the first records are acknowledged. */
export function startFlood(testbed: Testbed, settings: FloodSettings): Promise<Flood> {
  const child = testbed.children.start({ file: new URL('flood-producer.ts', import.meta.url), ipc: true })
  let total = 0
  return new Promise((resolve, reject) => {
    let onOver: () => void = () => undefined
    const flood: Flood = {
      produced: () => total,
      async stop() {
        const over = new Promise<void>(done => {
          onOver = done
        })
        child.process.send('stop')
        await Promise.race([over, child.exited])
        await child.end()
        return total
      },
    }
    child.process.on('message', message => {
      const told = message as FloodMessage
      total = told.total
      if (told.over) onOver()
      resolve(flood)
    })
    void child.exited.then(() => reject(new Error(`the producer ended:\n${child.log()}`)))
    child.process.send(settings)
  })
}
