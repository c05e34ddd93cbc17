import type { Stand } from '../stand.ts'
import type { Row } from '../table.ts'
export async function measureBatch(_stand: Stand): Promise<Row[]> {
  return []
}
