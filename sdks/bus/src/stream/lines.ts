/** Lines of a body, as they come. */

/** No event is as long: 256 KB of payload in its envelope, escaped. */
const LINE_CHARS_MAX = 4_000_000

/** Empty lines, which keep the connection alive, are left out. Throws for a line that does not end. */
export async function* linesOf(body: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    onBytes()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() as string
    if (rest.length > LINE_CHARS_MAX)
      throw new Error(`A line of the stream is longer than ${LINE_CHARS_MAX} characters.`)
    for (const line of lines) if (line.trim() !== '') yield line
  }
}
