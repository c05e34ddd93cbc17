/** Writes the parts of the documents that are made from the code: `node_modules/.bin/node test/docs/write.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { BLOCKS, root, withBlock } from './blocks.ts'

for (const block of BLOCKS) writeFileSync(root + block.file, withBlock(readFileSync(root + block.file, 'utf8'), block))
