/** Server-Sent Events out of text that comes in pieces. */
export interface Frame {
  id: string | undefined
  event: string
  data: string
}

/** Takes the pieces in order; answers the frames that each one completes. Comments and empty frames are dropped. */
export function createFrameReader(): (piece: string) => Frame[] {
  let rest = ''
  return piece => {
    const blocks = (rest + piece).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    return blocks.flatMap(frameOf)
  }
}

function frameOf(block: string): Frame[] {
  let id: string | undefined
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id') id = value
  }
  return data.length === 0 ? [] : [{ id, event, data: data.join('\n') }]
}
