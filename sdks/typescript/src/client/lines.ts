/** Lines from a body that is still being written. */
import { readJson } from '../read-json.ts'

type Watch = () => { cancel(): void }

/** Of JSON. See `textLines`. */
export async function* lines<T>(
  body: ReadableStream<Uint8Array>,
  watch: Watch,
): AsyncGenerator<T, undefined, undefined> {
  for await (const line of textLines(body, watch)) yield readJson(line) as T
}

/**
 * Without empty ones. `watch` is called before each wait for more; its answer is cancelled after it. An unfinished last
 * line is left out.
 */
export async function* textLines(
  body: ReadableStream<Uint8Array>,
  watch: Watch,
): AsyncGenerator<string, undefined, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  /** Pieces of the line that is not complete. */
  let pieces: string[] = []
  for (;;) {
    const watching = watch()
    const { done, value } = await reader.read().finally(() => watching.cancel())
    if (done) return
    const [first, ...rest] = decoder.decode(value, { stream: true }).split('\n') as [string, ...string[]]
    pieces.push(first)
    if (rest.length === 0) continue
    const complete = [pieces.join(''), ...rest.slice(0, -1)]
    pieces = [rest.at(-1)!]
    for (const line of complete) if (line !== '') yield line
  }
}
